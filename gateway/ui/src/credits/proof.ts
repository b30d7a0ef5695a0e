/** What the browser itself can prove of the books: each line's hash, their links, the newest signature. */
import type { Json } from "../api/wire.ts";
import { sum } from "../kit/money.ts";
import { canonical } from "./canonical.ts";
import type { AuditKey, Chain, Checkpoint, Entry } from "./model.ts";

export type Fault = "hash" | "link" | "sum" | "signed";

export interface Proof {
  checked: number;
  /** By entry id: what does not hold. */
  faults: Record<string, Fault>;
}

export type Signature = "good" | "bad" | "unknown-key" | "unsupported";

/** Pages served without TLS from another machine have no WebCrypto. */
export const canCompute = (): boolean => globalThis.crypto?.subtle !== undefined;

export async function hashOf(entry: Entry): Promise<string> {
  const { hash: _, ...data } = entry.raw;
  const bytes = new TextEncoder().encode(entry.prev_hash + canonical(data));
  return hex(await crypto.subtle.digest("SHA-256", bytes));
}

/** Every line alone, each against its neighbour where both are here, and the one that the checkpoint names. */
export async function prove(entries: readonly Entry[], chain: Chain | undefined): Promise<Proof> {
  const hashes = await Promise.all(entries.map(hashOf));
  const by_seq = new Map(entries.map((entry) => [entry.seq, entry]));
  const faults: Record<string, Fault> = {};
  entries.forEach((entry, index) => {
    const fault = faultOf(entry, hashes[index] ?? "", by_seq.get(entry.seq - 1), chain?.checkpoint);
    if (fault) faults[entry.entry_id] = fault;
  });
  return { checked: entries.length, faults };
}

function faultOf(
  entry: Entry,
  recomputed: string,
  before: Entry | undefined,
  checkpoint: Checkpoint | undefined,
): Fault | undefined {
  if (recomputed !== entry.hash) return "hash";
  if (before && entry.prev_hash !== before.hash) return "link";
  if (sum(entry.postings.map((posting) => posting.amount)) !== 0) return "sum";
  if (checkpoint?.seq === entry.seq && checkpoint.hash !== entry.hash) return "signed";
  return undefined;
}

/** Whether the checkpoint was signed by the key that it names. */
export async function checkSignature(checkpoint: Checkpoint, keys: readonly AuditKey[]): Promise<Signature> {
  const key = keys.find((one) => one.key_id === checkpoint.key_id);
  if (!key) return "unknown-key";
  try {
    const algorithm = { name: "Ed25519" };
    const known = await crypto.subtle.importKey("raw", bytesOf(key.public_key), algorithm, false, ["verify"]);
    const signed = new TextEncoder().encode(canonical(unsigned(checkpoint.raw)));
    const good = await crypto.subtle.verify(algorithm, known, bytesOf(checkpoint.signature), signed);
    return good ? "good" : "bad";
  } catch (error) {
    // An older browser has no Ed25519; malformed bytes are no signature.
    return error instanceof DOMException && error.name === "NotSupportedError" ? "unsupported" : "bad";
  }
}

const unsigned = ({ signature: _, ...data }: Json): Json => data;

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
