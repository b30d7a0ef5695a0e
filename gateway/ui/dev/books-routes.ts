/** The questions about the books, answered from the made-up ones in the shapes of the interface. */
import { Books, type Entry, type Line, PROJECTS } from "./books.ts";
import { output, PLAN, SENTENCE, SESSION } from "./recording.ts";

export const books = new Books(new Date());

const STEP = "stp_01JDEMO.1.s1";

function causeOf({ job }: Line): Record<string, unknown> | undefined {
  if (!job) return undefined;
  const { job_id, model, step_title, prompt } = job;
  return {
    actor: "usr_demo",
    session_id: SESSION,
    plan_id: PLAN,
    step_id: STEP,
    step_title,
    job_id,
    model,
    prompt,
  };
}

const expanded = (line: Line): Record<string, unknown> => {
  const cause = causeOf(line);
  return { ...line.entry, balances: line.balances, ...(cause ? { cause } : {}) };
};

export function ledger(query: URLSearchParams): Record<string, unknown> {
  const limit = Number(query.get("limit") ?? 50);
  const below = Number(query.get("cursor") ?? Number.MAX_SAFE_INTEGER);
  const as_of = query.get("as_of");
  const until = books.lines.filter(({ entry }) => !as_of || Date.parse(entry.at) <= Date.parse(as_of));
  const fitting = until.filter((line) => fits(line, query) && line.entry.seq < below).reverse();
  const shown = fitting.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(expanded),
    balances: until.at(-1)?.balances ?? {},
    ...(fitting.length > limit && last ? { next_cursor: String(last.entry.seq) } : {}),
  };
}

function fits(line: Line, query: URLSearchParams): boolean {
  const [kind, project_id, q] = ["kind", "project_id", "q"].map((name) => query.get(name) ?? "");
  if (kind && line.entry.kind !== kind) return false;
  if (project_id && line.entry.project_id !== project_id) return false;
  return !q || JSON.stringify(expanded(line)).toLowerCase().includes(q.toLowerCase());
}

export function usage(query: URLSearchParams): Record<string, unknown> {
  const by_project = query.get("by") === "project";
  const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  const cells = new Map<
    string,
    { day: string; key: string; spent: number; refunded: number; jobs: number }
  >();
  for (const { entry, job } of books.lines) {
    const at = Date.parse(entry.at);
    if (!job || at < from || at >= to || !["capture", "refund"].includes(entry.kind)) continue;
    const day = entry.at.slice(0, 10);
    const key = by_project ? (job.project_id ?? "") : job.model;
    const cell = cells.get(`${day} ${key}`) ?? { day, key, spent: 0, refunded: 0, jobs: 0 };
    const moved = entry.postings.find(({ account }) => account === "spent")?.amount ?? 0;
    if (moved > 0) Object.assign(cell, { spent: cell.spent + moved, jobs: cell.jobs + 1 });
    else cell.refunded -= moved;
    cells.set(`${day} ${key}`, cell);
  }
  return { items: [...cells.values()] };
}

export const chain = (): Record<string, unknown> => ({
  entries: books.lines.length,
  head: books.lines.at(-1)?.entry.hash,
  checkpoint: books.checkpoint(),
});

export const keys = (): Record<string, unknown> => ({
  items: [
    {
      key_id: "key_2026a",
      algorithm: "Ed25519",
      public_key: books.publicKey(),
      since: books.lines[0]?.entry.at,
    },
  ],
});

export const projects = (): Record<string, unknown> => ({ items: PROJECTS });

export const jobs = (query: URLSearchParams): Record<string, unknown> => ({
  items: books.jobs
    .filter(({ status }) => status === query.get("status"))
    .map(({ job_id, model, status, reserved }) => ({
      job_id,
      model,
      status,
      reserved,
      cause: { session_id: SESSION, step_id: STEP },
    })),
});

export function explain(entry_id: string): Record<string, unknown> | undefined {
  const line = books.lines.find(({ entry }) => entry.entry_id === entry_id);
  if (!line) return undefined;
  const lines = books.lines.filter(({ job }) => job && job === line.job);
  const cause = causeOf(line);
  return {
    entry: line.entry,
    balances: line.balances,
    siblings: lines.map(({ entry }) => entry),
    ...(cause ? { cause } : {}),
    ...(line.job ? { job: jobOf(line) } : {}),
    chain: [
      ...(line.job ? pathOf(line) : []),
      ...(line.job ? lines : [line]).map(({ entry }) => stopOf(entry)),
    ],
  };
}

function jobOf({ job, entry }: Line): Record<string, unknown> {
  const price = { unit: "second", quantity: "5", unit_amount: Math.round((job?.reserved ?? 0) / 5) };
  return {
    ...job,
    priority: "NORMAL",
    price: [{ ...price, amount: job?.reserved }],
    bill: job?.captured === undefined ? [] : [{ ...price, quantity: "4.3", amount: job.captured }],
    attempts: [{ lease: 41, provider: job?.provider, started_at: job?.accepted_at, ended_at: entry.at }],
    outputs: job?.captured === undefined ? [] : [output("s1")],
  };
}

function pathOf({ job }: Line): Record<string, unknown>[] {
  const at = (seconds: number) => new Date(Date.parse(job?.accepted_at ?? "") + seconds * 1000).toISOString();
  const log = { topic: "events.canvas", event_id: "evt_01JQ", causation_id: "evt_01JP" };
  return [
    { kind: "message", id: "msg_1", at: at(-9), title: SENTENCE, actor: "usr_demo", ...log },
    { kind: "agent_call", id: "call_plan", at: at(-5), title: "Planner on offline, 2,242 tokens", ...log },
    { kind: "plan", id: PLAN, at: at(-4.6), title: "Product film with voiceover", ...log },
    {
      kind: "approval",
      id: `${PLAN} approved`,
      at: at(-1),
      title: "Approved by usr_demo",
      actor: "usr_demo",
      ...log,
    },
    { kind: "step", id: STEP, at: at(-0.2), title: job?.step_title, ...log },
    { kind: "job", id: job?.job_id, at: at(0), title: job?.model, ...log, topic: "events.jobs" },
    {
      kind: "attempt",
      id: `${job?.job_id}.41`,
      at: at(0.3),
      title: `${job?.provider}, lease 41`,
      ...log,
      topic: "events.jobs",
    },
    {
      kind: "provider_job",
      id: "req_77f1c2",
      at: at(0.6),
      title: "req_77f1c2",
      ...log,
      topic: "events.jobs",
    },
    ...(job?.captured === undefined
      ? []
      : [{ kind: "file", id: "ast_image", at: at(3), title: "image.svg, 1280 × 720", ...log }]),
  ];
}

const stopOf = (entry: Entry): Record<string, unknown> => ({
  kind: "entry",
  id: entry.entry_id,
  at: entry.at,
  title: entry.kind,
  topic: "events.credits",
});

export function statement(query: URLSearchParams): string {
  const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  const shown = books.lines.filter(({ entry }) => Date.parse(entry.at) >= from && Date.parse(entry.at) < to);
  const rows = shown.map(
    ({ entry, balances }) => `${entry.seq},${entry.at},${entry.kind},${balances.available}`,
  );
  return ["seq,at,kind,available", ...rows].join("\n");
}
