/** Recomputes what is shown, in the browser, whenever it changes. */
import { useEffect, useState } from "react";
import type { AuditKey, Chain, Checkpoint, Entry } from "./model.ts";
import { canCompute, checkSignature, type Proof, prove, type Signature } from "./proof.ts";

/** Null while it is being computed, or where the browser cannot. */
export function useProof(entries: readonly Entry[], chain: Chain | undefined): Proof | null {
  const [proof, setProof] = useState<Proof | null>(null);
  useEffect(() => {
    if (!canCompute()) return;
    let wanted = true;
    void prove(entries, chain).then((proved) => wanted && setProof(proved));
    return () => {
      wanted = false;
    };
  }, [entries, chain]);
  return proof;
}

export function useSignature(
  checkpoint: Checkpoint | undefined,
  keys: readonly AuditKey[] | undefined,
): Signature | null {
  const [checked, setChecked] = useState<{ of: string; verdict: Signature } | null>(null);
  useEffect(() => {
    if (!checkpoint || !keys) return;
    let wanted = true;
    const verdict = canCompute() ? checkSignature(checkpoint, keys) : Promise.resolve("unsupported" as const);
    void verdict.then((told) => wanted && setChecked({ of: checkpoint.signature, verdict: told }));
    return () => {
      wanted = false;
    };
  }, [checkpoint, keys]);
  return checked && checked.of === checkpoint?.signature ? checked.verdict : null;
}
