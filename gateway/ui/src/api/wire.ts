/** What the platform sends, read leniently: every optional member may be absent, none is trusted to be there. */
import type {
  Asset,
  Fallback,
  Message,
  Money,
  Note,
  Plan,
  PlanStatus,
  SessionSnapshot,
  Step,
  StepError,
  StepStatus,
} from "../state/model.ts";

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Drops members that are undefined, so that a spread of the result never erases what is known. */
export function known<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

/** `stp_X.2.s3` → `s3`; a draft's own `s3` stays. Ghost and solid node share it, so that one becomes the other. */
export const localId = (stepId: string): string => stepId.slice(stepId.lastIndexOf(".") + 1);

/** `stp_X.2.s3` → `pln_X.2`, for frames that name only the step. */
export function planOfStep(stepId: string): string | undefined {
  const match = /^stp_(.+\.\d+)\.[^.]+$/.exec(stepId);
  return match ? `pln_${match[1]}` : undefined;
}

/** `run_X.2.1` is a run of `pln_X.2`. */
export const planOfRun = (run_id: string): string => run_id.replace(/^run_(.+)\.\d+$/, "pln_$1");

export function readAsset(raw: unknown): Asset | undefined {
  if (!isObject(raw)) return undefined;
  const asset_id = text(raw.asset_id);
  const url = text(raw.url) ?? (asset_id ? `/v1/assets/${asset_id}` : undefined);
  if (!url) return undefined;
  return known<Asset>({
    url,
    media_type: text(raw.media_type) ?? "application/octet-stream",
    asset_id,
    name: text(raw.name),
    width: number(raw.width),
    height: number(raw.height),
    duration_s: number(raw.duration_s),
    engine: text(raw.engine),
    text: text(raw.text),
  });
}

const present = <T>(value: T | undefined): value is T => value !== undefined;
export const readAssets = (raw: unknown): Asset[] => list(raw).map(readAsset).filter(present);

function readError(raw: unknown, category?: unknown): StepError | undefined {
  if (typeof raw === "string")
    return known<StepError>({ category: text(category) ?? "unknown", detail: raw });
  if (!isObject(raw)) return text(category) ? { category: String(category) } : undefined;
  return known<StepError>({
    category: text(raw.category) ?? text(category) ?? "unknown",
    detail: text(raw.detail) ?? text(raw.message) ?? text(raw.reason) ?? text(raw.title) ?? text(raw.error),
  });
}

export function readMoney(raw: unknown): Money | undefined {
  if (typeof raw === "number") return { estimated: raw };
  if (!isObject(raw)) return undefined;
  return known<Money>({
    estimated: number(raw.estimated),
    reserved: number(raw.reserved),
    captured: number(raw.captured),
  });
}

/** The attempts of a step come as a count or as a list of them. */
const readAttempts = (raw: unknown): number | undefined => (Array.isArray(raw) ? raw.length : number(raw));

const readFallbacks = (raw: unknown): Fallback[] | undefined =>
  Array.isArray(raw)
    ? raw.filter(isObject).map((one) => ({
        from_model: text(one.from_model) ?? "",
        category: text(one.category) ?? "unknown",
      }))
    : undefined;

/** Only the members that the payload has: a frame is a change, not the whole step. */
export function readStepChange(raw: Json): Partial<Step> {
  return known<Partial<Step>>({
    title: text(raw.title),
    description: text(raw.description),
    agent_type: text(raw.agent_type),
    model: text(raw.model),
    input: isObject(raw.input) ? raw.input : undefined,
    status: text(raw.status) as StepStatus | undefined,
    outputs: Array.isArray(raw.outputs) ? readAssets(raw.outputs) : undefined,
    error: readError(raw.error, raw.category),
    attempts: readAttempts(raw.attempts) ?? number(raw.attempt),
    fallbacks: readFallbacks(raw.fallbacks),
    cost: readMoney(raw.cost),
    progress: number(raw.progress),
    job_id: text(raw.job_id),
    because: text(raw.because),
    needs_approval: typeof raw.needs_approval === "boolean" ? raw.needs_approval : undefined,
    reused_from: text(raw.reused_from),
    depends_on: Array.isArray(raw.depends_on)
      ? raw.depends_on.filter((id): id is string => typeof id === "string").map(localId)
      : undefined,
  });
}

export function readStep(raw: unknown): Step | undefined {
  if (!isObject(raw)) return undefined;
  const step_id = text(raw.step_id) ?? text(raw.id);
  if (!step_id) return undefined;
  return { ...blankStep(step_id), ...readStepChange(raw) };
}

export const blankStep = (step_id: string): Step => ({
  step_id,
  key: localId(step_id),
  title: "",
  description: "",
  agent_type: "",
  depends_on: [],
  status: "planned",
  outputs: [],
});

export function readPlan(raw: unknown): Plan | undefined {
  if (!isObject(raw)) return undefined;
  const plan_id = text(raw.plan_id);
  if (!plan_id) return undefined;
  return known<Plan>({
    plan_id,
    title: text(raw.title) ?? "",
    status: (text(raw.status) as PlanStatus | undefined) ?? "drafting",
    cost: readMoney(raw.cost) ?? {},
    steps: list(raw.steps).map(readStep).filter(present),
    run_id: text(raw.run_id),
    notes: readNotes(raw.notes),
  });
}

/** Nothing where none are told of, which is not the same as that there are none. */
export function readNotes(raw: unknown): Note[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  return raw.filter(isObject).flatMap((note) => {
    const words = text(note.text);
    if (!words) return [];
    return [known<Note>({ text: words, step: text(note.step), other: text(note.other) })];
  });
}

export function readMessage(raw: unknown): Message | undefined {
  if (!isObject(raw)) return undefined;
  const message_id = text(raw.message_id);
  if (!message_id) return undefined;
  return known<Message>({
    message_id,
    role: text(raw.role) === "user" ? "user" : "assistant",
    text: text(raw.text) ?? "",
    assets: readAssets(raw.assets),
    at: text(raw.at),
    upload_ids: Array.isArray(raw.upload_ids)
      ? raw.upload_ids.filter((id) => typeof id === "string")
      : undefined,
  });
}

/** One upload, by its id; nothing where it is not one. */
export function readUpload(raw: unknown): Record<string, Asset> {
  const upload_id = isObject(raw) ? text(raw.upload_id) : undefined;
  const asset = readAsset(raw);
  return upload_id && asset ? { [upload_id]: asset } : {};
}

export function readSession(raw: Json): SessionSnapshot {
  return {
    session_id: text(raw.session_id) ?? "",
    title: text(raw.title) ?? "",
    messages: list(raw.messages).map(readMessage).filter(present),
    uploads: Object.assign({}, ...list(raw.uploads).map(readUpload)) as Record<string, Asset>,
    plans: list(raw.plans).map(readPlan).filter(present),
  };
}
