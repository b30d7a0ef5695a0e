/** Said loudly: something in the books does not hold. */
import { Icon } from "../kit/icons.tsx";
import type { Entry } from "./model.ts";
import type { Fault, Proof, Signature } from "./proof.ts";

const FAULTS: Record<Fault, string> = {
  hash: "its content does not give its hash: it was changed",
  link: "it does not follow from the line before it",
  sum: "its postings do not add up to zero",
  signed: "its hash is not the one that was signed",
};

interface TamperedProps {
  entries: readonly Entry[];
  proof: Proof | null;
  signature: Signature | null;
}

export function Tampered({ entries, proof, signature }: TamperedProps) {
  const wrong = entries.filter(({ entry_id }) => proof?.faults[entry_id]);
  const unsigned = signature === "bad" || signature === "unknown-key";
  if (wrong.length === 0 && !unsigned) return null;
  return (
    <div className="tampered" role="alert" data-testid="tampered">
      <Icon name="alert" size={22} />
      <div>
        <p>
          <strong>These books do not hold.</strong> Do not rely on the figures here. Ask your auditor to run{" "}
          <code>studio audit verify</code>.
        </p>
        <ul>
          {wrong.map(({ entry_id, seq }) => (
            <li key={entry_id}>
              Entry {seq}: {FAULTS[proof?.faults[entry_id] ?? "hash"]}.
            </li>
          ))}
          {unsigned ? <li>The newest checkpoint was not signed by a key of this platform.</li> : null}
        </ul>
      </div>
    </div>
  );
}
