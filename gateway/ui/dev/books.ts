/** Ninety days of made-up books with real hashes and a real signature, so that the page proves them as it would. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { canonical } from "../src/credits/canonical.ts";

export interface Posting {
  account: string;
  amount: number;
}

export interface Entry {
  org_id: string;
  seq: number;
  entry_id: string;
  kind: string;
  job_id?: string;
  project_id?: string;
  reason?: string;
  at: string;
  postings: Posting[];
  prev_hash: string;
  hash: string;
}

export interface Balances {
  available: number;
  reserved: number;
  spent: number;
  allocations: Record<string, number>;
}

export interface Job {
  job_id: string;
  model: string;
  provider: string;
  step_title: string;
  prompt: string;
  reserved: number;
  captured?: number;
  status: string;
  project_id?: string;
  accepted_at: string;
}

export interface Line {
  entry: Entry;
  balances: Balances;
  job?: Job;
}

export const PROJECTS = [
  { project_id: "prj_spring", name: "Spring campaign" },
  { project_id: "prj_trailer", name: "Trailer" },
];

const MODELS = [
  { model: "local/picture", provider: "fleet", title: "Product image", price: 500 },
  { model: "local/motion", provider: "fleet", title: "5-second video", price: 1000 },
  { model: "fal/flux-pro", provider: "fal", title: "Hero shot", price: 4200 },
  { model: "runway/gen-4", provider: "runway", title: "Push-in on the bottle", price: 9800 },
  { model: "elevenlabs/multilingual-v2", provider: "elevenlabs", title: "Voiceover", price: 1640 },
  { model: "local/mesh", provider: "fleet", title: "Mug as a 3D model", price: 2100 },
  { model: "text/writer", provider: "llm", title: "Product copy", price: 75 },
  { model: "sync/lipsync-2", provider: "sync", title: "Lip-sync the host", price: 3300 },
];
const PROMPTS = [
  "generate a product image, animate it into a 5-second video, and add a voiceover",
  "design a ceramic mug and turn it into a 3D model",
  "write a short welcome, speak it, and lip-sync it to a portrait",
  "[erased]",
];

const DAY_MS = 86_400_000;
const DAYS = 88;
/** Entries at the end that no checkpoint covers yet. */
const UNSIGNED = 4;

/** The same books each time: numbers that only look random. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export class Books {
  readonly lines: Line[] = [];
  readonly jobs: Job[] = [];
  readonly keys = generateKeyPairSync("ed25519");
  readonly #random = numbers(7);
  #balances: Balances = { available: 0, reserved: 0, spent: 0, allocations: {} };

  constructor(now: Date) {
    const began = now.getTime() - DAYS * DAY_MS;
    this.#funds(new Date(began));
    for (let day = 1; day < DAYS; day += 1) this.#day(began + day * DAY_MS, day);
    this.#today(now);
  }

  get balances(): Balances {
    return this.#balances;
  }

  /** What the page reads as a key: the raw 32 bytes. */
  publicKey(): string {
    const der = this.keys.publicKey.export({ format: "der", type: "spki" });
    return der.subarray(der.length - 32).toString("base64");
  }

  checkpoint(): Record<string, unknown> {
    const { entry } = this.lines[this.lines.length - 1 - UNSIGNED] as Line;
    const data = { org_id: "org_demo", seq: entry.seq, hash: entry.hash, at: entry.at, key_id: "key_2026a" };
    const signature = sign(null, Buffer.from(canonical(data)), this.keys.privateKey).toString("base64");
    return { ...data, signature };
  }

  #funds(at: Date): void {
    this.#post(
      "grant",
      at,
      [
        ["external", -250_000],
        ["available", 250_000],
      ],
      { reason: "welcome" },
    );
    this.#post(
      "purchase",
      at,
      [
        ["external", -1_500_000],
        ["available", 1_500_000],
      ],
      { reason: "invoice_2041" },
    );
    for (const { project_id } of PROJECTS)
      this.#post(
        "allocate",
        at,
        [
          ["available", -200_000],
          [`project:${project_id}`, 200_000],
        ],
        { project_id },
      );
  }

  #day(midnight: number, day: number): void {
    if (day % 7 > 4) return;
    const jobs = 1 + Math.floor(this.#random() * (4 + day / 12));
    for (let job = 0; job < jobs; job += 1) {
      const at = new Date(midnight + (8 + (9 * job) / jobs + this.#random()) * 3_600_000);
      const done = this.#run(at, this.#random() < 0.08);
      if (done && this.#random() < 0.04) this.#refund(done, new Date(at.getTime() + 7_200_000));
    }
  }

  #today(now: Date): void {
    const at = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
    this.#run(at(52), false);
    this.#run(at(31), true);
    this.#run(at(12), false);
    this.#reserve(at(2), MODELS[3], "running");
    this.#reserve(at(1), MODELS[4], "queued");
  }

  #run(at: Date, fails: boolean): Job | undefined {
    const model = MODELS[Math.floor(this.#random() ** 1.4 * MODELS.length)];
    const job = this.#reserve(at, model, fails ? "failed" : "succeeded");
    if (!job) return undefined;
    const ended = new Date(at.getTime() + 3000 + this.#random() * 40_000);
    const source = sourceOf(job);
    const held = `reserved:${job.job_id}`;
    if (fails) {
      this.#post(
        "release",
        ended,
        [
          [held, -job.reserved],
          [source, job.reserved],
        ],
        { ...about(job), reason: "job_failed" },
        job,
      );
      return undefined;
    }
    const captured = Math.round(job.reserved * (0.7 + this.#random() * 0.3));
    job.captured = captured;
    const back: [string, number][] = captured < job.reserved ? [[source, job.reserved - captured]] : [];
    this.#post("capture", ended, [[held, -job.reserved], ["spent", captured], ...back], about(job), job);
    return job;
  }

  #reserve(at: Date, model: (typeof MODELS)[number] | undefined, status: string): Job | undefined {
    if (!model) return undefined;
    const reserved = Math.round(model.price * (1 + this.#random()));
    const project = PROJECTS[Math.floor(this.#random() * 4)];
    const number = this.jobs.length + 1;
    const job: Job = {
      job_id: `job_${String(number).padStart(4, "0")}`,
      model: model.model,
      provider: model.provider,
      step_title: model.title,
      prompt: PROMPTS[number % PROMPTS.length] ?? "",
      reserved,
      status,
      accepted_at: at.toISOString(),
      ...(project ? { project_id: project.project_id } : {}),
    };
    this.jobs.push(job);
    this.#post(
      "reserve",
      at,
      [
        [sourceOf(job), -reserved],
        [`reserved:${job.job_id}`, reserved],
      ],
      about(job),
      job,
    );
    return job;
  }

  #refund(job: Job, at: Date): void {
    const amount = job.captured ?? 0;
    this.#post(
      "refund",
      at,
      [
        ["spent", -amount],
        [sourceOf(job), amount],
      ],
      { ...about(job), reason: "support" },
      job,
    );
  }

  #post(kind: string, at: Date, moves: [string, number][], members: Partial<Entry>, job?: Job): void {
    const seq = this.lines.length + 1;
    const prev_hash = this.lines.at(-1)?.entry.hash ?? "0".repeat(64);
    const data = {
      org_id: "org_demo",
      seq,
      entry_id: `ent_${String(seq).padStart(5, "0")}`,
      kind,
      ...members,
      at: at.toISOString(),
      postings: moves.map(([account, amount]) => ({ account, amount })),
      prev_hash,
    };
    const hash = createHash("sha256")
      .update(prev_hash + canonical(data))
      .digest("hex");
    this.#balances = after(this.#balances, data.postings);
    this.lines.push({ entry: { ...data, hash }, balances: this.#balances, ...(job ? { job } : {}) });
  }
}

const sourceOf = (job: Job): string => (job.project_id ? `project:${job.project_id}` : "available");

const about = ({ job_id, project_id }: Job): Partial<Entry> => ({
  job_id,
  ...(project_id ? { project_id } : {}),
});

function after(before: Balances, postings: readonly Posting[]): Balances {
  const next = { ...before, allocations: { ...before.allocations } };
  for (const { account, amount } of postings) {
    const project = account.replace(/^project:/, "");
    if (account === "available") next.available += amount;
    else if (account === "spent") next.spent += amount;
    else if (account.startsWith("reserved:")) next.reserved += amount;
    else if (project !== account) next.allocations[project] = (next.allocations[project] ?? 0) + amount;
  }
  return next;
}
