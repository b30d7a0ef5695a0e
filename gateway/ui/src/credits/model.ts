/** The books as the page knows them. All amounts are integer millicredits. */
import type { Json } from "../api/wire.ts";
import type { Asset } from "../state/model.ts";

export const KINDS = [
  "grant",
  "purchase",
  "adjust",
  "allocate",
  "deallocate",
  "reserve",
  "capture",
  "release",
  "refund",
] as const;

export interface Posting {
  account: string;
  amount: number;
}

export interface Entry {
  entry_id: string;
  seq: number;
  kind: string;
  at: string;
  postings: Posting[];
  prev_hash: string;
  hash: string;
  job_id?: string;
  project_id?: string;
  reason?: string;
  uncollected?: number;
  /** Exactly as it stands on the log: what its hash is of. */
  raw: Json;
}

export interface Balances {
  available: number;
  reserved: number;
  spent: number;
  allocations: Record<string, number>;
}

export interface Cause {
  actor?: string;
  session_id?: string;
  plan_id?: string;
  run_id?: string;
  step_id?: string;
  step_title?: string;
  job_id?: string;
  model?: string;
  prompt?: string;
}

/** An entry with what led to it and what it led to. */
export interface Line {
  entry: Entry;
  balances?: Balances;
  cause?: Cause;
}

export interface LedgerPage {
  lines: Line[];
  cursor?: string;
  balances?: Balances;
}

export interface Checkpoint {
  seq: number;
  hash: string;
  at: string;
  key_id: string;
  signature: string;
  raw: Json;
}

export interface Chain {
  entries: number;
  head: string;
  checkpoint?: Checkpoint;
}

export interface AuditKey {
  key_id: string;
  public_key: string;
}

/** What one model or project spent on one UTC day. */
export interface Usage {
  day: string;
  key: string;
  spent: number;
  refunded: number;
  jobs: number;
}

/** A job whose price is set aside until it ends. */
export interface Waiting {
  job_id: string;
  model: string;
  status: string;
  reserved: number;
  session_id?: string;
  step_id?: string;
}

/** One line of an estimate or a bill: quantity × unit amount, rounded once. */
export interface Priced {
  unit: string;
  quantity: string;
  unit_amount: number;
  amount: number;
}

export interface Attempt {
  lease: string;
  provider: string;
  started_at?: string;
  ended_at?: string;
  category?: string;
}

export interface Job {
  job_id: string;
  model: string;
  provider: string;
  status: string;
  priority: string;
  reserved: number;
  captured?: number;
  uncollected?: number;
  price: Priced[];
  bill: Priced[];
  attempts: Attempt[];
  outputs: Asset[];
  replay_of?: string;
}

/** One stop on the way from a person's words to a line of the books. */
export interface Stop {
  kind: string;
  id: string;
  at: string;
  title: string;
  actor?: string;
  topic?: string;
  event_id?: string;
  causation_id?: string;
}

export interface Explanation {
  entry: Entry;
  balances?: Balances;
  siblings: Entry[];
  job?: Job;
  cause?: Cause;
  chain: Stop[];
}

/** Project ids with the names that people gave. */
export type Names = Readonly<Record<string, string>>;
