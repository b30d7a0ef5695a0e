/** The line's place in the chain, for whoever wants to compare it with an export. */
import { useMemo } from "react";
import type { Entry } from "./model.ts";
import { canCompute } from "./proof.ts";
import { useProof } from "./use-proof.ts";

export function ExplainSeal({ entry }: { entry: Entry }) {
  const proof = useProof(
    useMemo(() => [entry], [entry]),
    undefined,
  );
  return (
    <section className="seal">
      <h3>In the chain</h3>
      <dl>
        <div>
          <dt>Entry</dt>
          <dd className="mono">
            {entry.seq} · {entry.entry_id}
          </dd>
        </div>
        <div>
          <dt>Hash</dt>
          <dd className="mono">{entry.hash}</dd>
        </div>
        <div>
          <dt>Before it</dt>
          <dd className="mono">{entry.prev_hash}</dd>
        </div>
      </dl>
      <p className="quiet-words">{sealText(proof?.faults[entry.entry_id] !== undefined, proof !== null)}</p>
    </section>
  );
}

function sealText(wrong: boolean, computed: boolean): string {
  if (!canCompute()) return "This browser recomputes nothing on a page without TLS.";
  if (!computed) return "Recomputing the hash";
  return wrong
    ? "Your browser computes another hash from this entry: it was changed."
    : "Your browser computes the same hash from this entry.";
}
