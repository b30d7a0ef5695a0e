/** What the platform says of the books, read leniently: an optional member may be absent. */
import { isObject, type Json, known, list, number, readAssets, text } from "../api/wire.ts";
import type {
  AuditKey,
  Balances,
  Cause,
  Chain,
  Checkpoint,
  Entry,
  Explanation,
  Job,
  LedgerPage,
  Line,
  Names,
  Priced,
  Stop,
  Usage,
  Waiting,
} from "./model.ts";

const each = <T>(raw: unknown, read: (item: Json) => T | undefined): T[] =>
  list(raw)
    .filter(isObject)
    .map(read)
    .filter((item) => item !== undefined);

export function readBalances(raw: unknown): Balances {
  const members = isObject(raw) ? raw : {};
  const allocations = isObject(members.allocations) ? members.allocations : {};
  return {
    available: number(members.available) ?? 0,
    reserved: number(members.reserved) ?? 0,
    spent: number(members.spent) ?? 0,
    allocations: Object.fromEntries(
      Object.entries(allocations).filter((pair): pair is [string, number] => typeof pair[1] === "number"),
    ),
  };
}

/** `expand=cause` lays two members beside those of the log; the hash knows nothing of them. */
export function readEntry(item: Json): Entry | undefined {
  const { balances: _, cause: __, ...raw } = item;
  const entry_id = text(raw.entry_id);
  const seq = number(raw.seq);
  if (!entry_id || seq === undefined) return undefined;
  return known<Entry>({
    entry_id,
    seq,
    kind: text(raw.kind) ?? "",
    at: text(raw.at) ?? "",
    postings: each(raw.postings, ({ account, amount }) => ({
      account: text(account) ?? "",
      amount: number(amount) ?? 0,
    })),
    prev_hash: text(raw.prev_hash) ?? "",
    hash: text(raw.hash) ?? "",
    job_id: text(raw.job_id),
    project_id: text(raw.project_id),
    reason: text(raw.reason),
    uncollected: number(raw.uncollected),
    raw,
  });
}

function readCause(raw: unknown): Cause | undefined {
  if (!isObject(raw)) return undefined;
  return known<Cause>({
    actor: text(raw.actor),
    session_id: text(raw.session_id),
    plan_id: text(raw.plan_id),
    run_id: text(raw.run_id),
    step_id: text(raw.step_id),
    step_title: text(raw.step_title),
    job_id: text(raw.job_id),
    model: text(raw.model),
    prompt: text(raw.prompt),
  });
}

function readLine(item: Json): Line | undefined {
  const entry = readEntry(item);
  if (!entry) return undefined;
  return known<Line>({
    entry,
    balances: isObject(item.balances) ? readBalances(item.balances) : undefined,
    cause: readCause(item.cause),
  });
}

export const readLedger = (raw: Json): LedgerPage =>
  known<LedgerPage>({
    lines: each(raw.items, readLine),
    cursor: text(raw.next_cursor),
    balances: isObject(raw.balances) ? readBalances(raw.balances) : undefined,
  });

function readCheckpoint(raw: unknown): Checkpoint | undefined {
  if (!isObject(raw)) return undefined;
  const seq = number(raw.seq);
  if (seq === undefined) return undefined;
  return {
    seq,
    hash: text(raw.hash) ?? "",
    at: text(raw.at) ?? "",
    key_id: text(raw.key_id) ?? "",
    signature: text(raw.signature) ?? "",
    raw,
  };
}

export const readChain = (raw: Json): Chain =>
  known<Chain>({
    entries: number(raw.entries) ?? 0,
    head: text(raw.head) ?? "",
    checkpoint: readCheckpoint(raw.checkpoint),
  });

export const readKeys = (raw: Json): AuditKey[] =>
  each(raw.items, (item) => ({ key_id: text(item.key_id) ?? "", public_key: text(item.public_key) ?? "" }));

export const readUsage = (raw: Json): Usage[] =>
  each(raw.items, (item) => ({
    day: text(item.day) ?? "",
    key: text(item.key) ?? "",
    spent: number(item.spent) ?? 0,
    refunded: number(item.refunded) ?? 0,
    jobs: number(item.jobs) ?? 0,
  }));

export const readNames = (raw: Json): Names =>
  Object.fromEntries(
    each(raw.items, ({ project_id, name }) => [text(project_id) ?? "", text(name) ?? ""] as const),
  );

export const readWaiting = (raw: Json): Waiting[] =>
  each(raw.items, (item) => {
    const cause = isObject(item.cause) ? item.cause : {};
    return known<Waiting>({
      job_id: text(item.job_id) ?? "",
      model: text(item.model) ?? "",
      status: text(item.status) ?? "",
      reserved: number(item.reserved) ?? 0,
      session_id: text(cause.session_id),
      step_id: text(cause.step_id),
    });
  });

const readPriced = (raw: unknown): Priced[] =>
  each(raw, (line) => ({
    unit: text(line.unit) ?? "run",
    quantity: String(line.quantity ?? "1"),
    unit_amount: number(line.unit_amount) ?? 0,
    amount: number(line.amount) ?? 0,
  }));

function readJob(raw: unknown): Job | undefined {
  if (!isObject(raw)) return undefined;
  return known<Job>({
    job_id: text(raw.job_id) ?? "",
    model: text(raw.model) ?? "",
    provider: text(raw.provider) ?? "",
    status: text(raw.status) ?? "",
    priority: text(raw.priority) ?? "",
    reserved: number(raw.reserved) ?? 0,
    captured: number(raw.captured),
    uncollected: number(raw.uncollected),
    price: readPriced(raw.price),
    bill: readPriced(raw.bill),
    attempts: each(raw.attempts, (attempt) =>
      known<Job["attempts"][number]>({
        lease: String(attempt.lease ?? ""),
        provider: text(attempt.provider) ?? "",
        started_at: text(attempt.started_at),
        ended_at: text(attempt.ended_at),
        category: text(attempt.category),
      }),
    ),
    outputs: readAssets(raw.outputs),
    replay_of: text(raw.replay_of),
  });
}

const readStop = (raw: Json): Stop =>
  known<Stop>({
    kind: text(raw.kind) ?? "",
    id: text(raw.id) ?? "",
    at: text(raw.at) ?? "",
    title: text(raw.title) ?? "",
    actor: text(raw.actor),
    topic: text(raw.topic),
    event_id: text(raw.event_id),
    causation_id: text(raw.causation_id),
  });

export function readExplanation(raw: Json): Explanation {
  const entry = isObject(raw.entry) ? readEntry(raw.entry) : undefined;
  if (!entry) throw new Error("The platform's answer names no line");
  return known<Explanation>({
    entry,
    balances: isObject(raw.balances) ? readBalances(raw.balances) : undefined,
    siblings: each(raw.siblings, readEntry),
    job: readJob(raw.job),
    cause: readCause(raw.cause),
    chain: each(raw.chain, readStop),
  });
}
