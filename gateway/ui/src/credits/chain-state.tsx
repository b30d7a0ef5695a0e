/** How far the books are proven, by whom, and what this browser has recomputed itself. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import type { Spoken } from "../api/problems.ts";
import { Icon } from "../kit/icons.tsx";
import { save } from "../kit/save.ts";
import { Skeleton } from "../kit/skeleton.tsx";
import { moment } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import type { Answer } from "../kit/use-answer.ts";
import type { Chain, Checkpoint } from "./model.ts";
import { canCompute, type Proof, type Signature } from "./proof.ts";
import { troubleOf } from "./trouble.ts";

interface ChainStateProps {
  client: Client;
  chain: Answer<Chain>;
  proof: Proof | null;
  signature: Signature | null;
}

export function ChainState({ client, chain, proof, signature }: ChainStateProps) {
  const { value, error, again } = chain;
  const doubtful = signature === "bad" || Object.keys(proof?.faults ?? {}).length > 0;
  return (
    <section className="sheet chain" aria-labelledby="chain-title" data-testid="chain">
      <h2 id="chain-title" className={doubtful ? "is-bad" : undefined}>
        <Icon name={doubtful ? "alert" : "shield"} size={18} /> Proof
      </h2>
      {value ? (
        <Verified client={client} chain={value} onAsked={again} />
      ) : error === undefined ? (
        <Skeleton lines={3} label="Reading how far the books are proven" />
      ) : (
        <TroubleNote trouble={troubleOf(error, "The state of the chain")} onAgain={again} />
      )}
      <ul className="checks">
        <Recomputed proof={proof} />
        {value?.checkpoint ? <Signed signature={signature} checkpoint={value.checkpoint} /> : null}
      </ul>
      <WhatItProves />
    </section>
  );
}

function Verified({ client, chain, onAsked }: { client: Client; chain: Chain; onAsked: () => void }) {
  const { checkpoint, entries } = chain;
  const newer = entries - (checkpoint?.seq ?? 0);
  return (
    <>
      {checkpoint ? (
        <p className="chain-words" data-testid="verified" data-seq={checkpoint.seq}>
          Verified to entry <strong>{checkpoint.seq.toLocaleString("en")}</strong>
          <span>at {moment(checkpoint.at)}</span>
        </p>
      ) : (
        <p className="chain-words">
          Not signed yet
          <span>The first checkpoint follows about a minute after the first entries.</span>
        </p>
      )}
      {entries > 0 ? <p className="quiet-words">{newerText(newer)}</p> : null}
      <div className="chain-acts">
        <SignNow client={client} onAsked={onAsked} />
        {checkpoint ? (
          <button type="button" className="button small" onClick={() => keep(checkpoint)}>
            <Icon name="download" size={14} /> Keep a copy
          </button>
        ) : null}
      </div>
    </>
  );
}

function newerText(newer: number): string {
  if (newer <= 0) return "No entry is newer: everything is covered.";
  const entries = newer === 1 ? "1 entry is" : `${newer.toLocaleString("en")} entries are`;
  return `${entries} newer and will be covered by the next checkpoint.`;
}

const keep = ({ raw, seq }: Checkpoint): void =>
  save(new Blob([JSON.stringify(raw)], { type: "application/json" }), `checkpoint-${seq}.json`);

/** The signer recomputes the whole chain before it signs, so the answer is only that it was asked to. */
function SignNow({ client, onAsked }: { client: Client; onAsked: () => void }) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const ask = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await client.post("/v1/audit/checkpoints");
      onAsked();
    } catch (error) {
      setTrouble(troubleOf(error, "A new checkpoint"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="button small" disabled={busy} onClick={() => void ask()}>
        <Icon name="shield" size={14} /> Verify now
      </button>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
    </>
  );
}

function Recomputed({ proof }: { proof: Proof | null }) {
  if (!canCompute())
    return <Check tone="plain">This browser recomputes nothing on a page without TLS.</Check>;
  if (!proof) return <Check tone="plain">Recomputing the lines on this page</Check>;
  if (proof.checked === 0) return null;
  const bad = Object.keys(proof.faults).length;
  const lines = `${proof.checked - bad} of ${proof.checked} lines on this page recomputed in your browser`;
  return (
    <Check tone={bad > 0 ? "bad" : "good"} testid="recomputed">
      {bad > 0 ? `Only ${lines}` : lines}
    </Check>
  );
}

const SIGNATURES: Record<Signature, { tone: "good" | "bad" | "plain"; words: string }> = {
  good: { tone: "good", words: "Signature of the checkpoint checked in your browser" },
  bad: { tone: "bad", words: "The checkpoint's signature is wrong" },
  "unknown-key": { tone: "bad", words: "The checkpoint was signed by a key that the platform does not name" },
  unsupported: { tone: "plain", words: "This browser cannot check Ed25519 signatures" },
};

function Signed({ signature, checkpoint }: { signature: Signature | null; checkpoint: Checkpoint }) {
  if (!signature) return <Check tone="plain">Checking the checkpoint's signature</Check>;
  const { tone, words } = SIGNATURES[signature];
  return (
    <Check tone={tone} testid="signature">
      {words} <span className="mono">{checkpoint.key_id}</span>
    </Check>
  );
}

interface CheckProps {
  tone: "good" | "bad" | "plain";
  testid?: string;
  children: React.ReactNode;
}

function Check({ tone, testid, children }: CheckProps) {
  const icon = { good: "check", bad: "alert", plain: "clock" }[tone];
  return (
    <li className={`check is-${tone}`} data-testid={testid} data-tone={tone}>
      <Icon name={icon} size={16} /> <span>{children}</span>
    </li>
  );
}

function WhatItProves() {
  return (
    <div className="chain-more">
      <h3>What this proves</h3>
      <p>
        Each entry carries the hash of the one before it. Whoever changes, drops, adds or moves an entry up to
        a signed checkpoint changes the hash that was signed, and it shows.
      </p>
      <p>
        It proves nothing of entries newer than the checkpoint, nor against somebody who holds the signing
        key. A copy of a checkpoint that you keep holds even then: behind it, nothing can be rewritten unseen.
      </p>
    </div>
  );
}
