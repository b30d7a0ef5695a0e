/** Frames `plan.*`, `step.*` and `run.completed`: the graph and how it fares. */
import {
  blankStep,
  isObject,
  type Json,
  known,
  localId,
  planOfRun,
  planOfStep,
  readMoney,
  readNotes,
  readStep,
  readStepChange,
} from "../api/wire.ts";
import type { Note, Plan, PlanStatus, State, Step, StepStatus } from "./model.ts";

const PLAN_STATUS: Record<string, PlanStatus> = {
  "plan.drafted": "drafting",
  "plan.awaiting_approval": "awaiting_approval",
  "plan.approved": "running",
  "plan.rejected": "rejected",
};

const STEP_STATUS: Record<string, StepStatus> = {
  "step.awaiting_approval": "awaiting_approval",
  "step.ready": "ready",
  "step.started": "running",
  "step.progress": "running",
  "step.succeeded": "succeeded",
  "step.failed": "failed",
  "step.blocked": "blocked",
  "step.cancelled": "cancelled",
};

export function reducePlanFrame(state: State, event: string, data: Json, at: number): State {
  if (event === "step.drafting") return draftStep(state, data);
  if (event === "step.drafted") return addStep(state, data);
  if (event.startsWith("step.")) return changeStep(state, event, data, at);
  // Steps and results of another run: the API tells them all.
  if (event === "plan.rolled_back") return state;
  if (event === "run.started") return startRun(state, data, at);
  if (event === "run.completed") return endRun(state, data);
  if (event === "plan.revised" && isObject(data.step)) return reviseStep(state, data, data.step);
  return changePlan(state, event, data, at);
}

function draftStep(state: State, data: Json): State {
  const step = readStep(data.step);
  const call_id = typeof data.call_id === "string" ? data.call_id : "";
  if (!step) return state;
  const steps = state.draft?.call_id === call_id ? state.draft.steps : [];
  return { ...state, draft: { call_id, steps: upsert(steps, step) } };
}

function addStep(state: State, data: Json): State {
  const step = readStep(data.step ?? data);
  if (!step) return state;
  const plan_id = planIdOf(state, data, step.step_id);
  if (!plan_id) return state;
  const plan = state.plans[plan_id] ?? blankPlan(plan_id);
  return putPlan({ ...state, draft: null }, { ...plan, steps: upsert(plan.steps, step) });
}

function changePlan(state: State, event: string, data: Json, at: number): State {
  const plan_id = typeof data.plan_id === "string" ? data.plan_id : undefined;
  if (!plan_id) return state;
  const before = state.plans[plan_id] ?? blankPlan(plan_id);
  const change = known<Partial<Plan>>({
    title: typeof data.title === "string" ? data.title : undefined,
    cost: readMoney(data.cost),
    run_id: typeof data.run_id === "string" ? data.run_id : undefined,
    status: PLAN_STATUS[event],
    notes: notesAfter(before, event, readNotes(data.notes)),
    steps: Array.isArray(data.steps)
      ? data.steps.map(readStep).filter((step): step is Step => step !== undefined)
      : undefined,
  });
  const plan = withoutResults(without({ ...before, ...change }, data.removed), data.changed);
  const began = event === "plan.approved" ? beganAt(state, plan_id, change.run_id, at) : state.run_began_at;
  return putPlan({ ...state, draft: null, run_began_at: began }, plan);
}

/** What the checks say is the first that is said of a plan; what its fields say comes on top. */
function notesAfter(before: Plan, event: string, said: Note[] | undefined): Note[] | undefined {
  return event === "plan.validated" ? said : said && [...(before.notes ?? []), ...said];
}

/** One step of the plan has changed: other words, or by now a model, an input and a price. */
function reviseStep(state: State, data: Json, change: Json): State {
  const step_id = typeof data.step_id === "string" ? data.step_id : String(change.step_id ?? "");
  const plan_id = step_id ? planIdOf(state, data, step_id) : undefined;
  if (!plan_id) return state;
  const plan = state.plans[plan_id] ?? blankPlan(plan_id);
  const before = plan.steps.find((step) => step.step_id === step_id) ?? blankStep(step_id);
  const revised = { ...plan, steps: upsert(plan.steps, { ...before, ...readStepChange(change) }) };
  return putPlan(state, withoutResults(revised, data.stale));
}

const localIds = (ids: unknown): Set<string> =>
  new Set((Array.isArray(ids) ? ids : []).filter((id) => typeof id === "string").map(localId));

const without = (plan: Plan, removed: unknown): Plan => {
  const gone = localIds(removed);
  return gone.size === 0 ? plan : { ...plan, steps: plan.steps.filter(({ key }) => !gone.has(key)) };
};

/** Steps that are other than they were: what came out of them before is not theirs. */
function withoutResults(plan: Plan, ids: unknown): Plan {
  const other = localIds(ids);
  if (other.size === 0) return plan;
  const steps = plan.steps.map((step) =>
    other.has(step.key) ? { ...withoutResult(step), status: "planned" as const } : step,
  );
  return { ...plan, steps };
}

/** What is not kept from an earlier run begins anew. */
function startRun(state: State, data: Json, at: number): State {
  const run_id = typeof data.run_id === "string" ? data.run_id : "";
  const plan_id = typeof data.plan_id === "string" ? data.plan_id : planOfRun(run_id);
  const plan = state.plans[plan_id];
  if (!plan) return state;
  const kept = new Set(Object.keys(isObject(data.kept) ? data.kept : {}).map(localId));
  const steps = plan.steps.map((step) =>
    kept.has(step.key) ? step : { ...withoutResult(step), status: "planned" as const },
  );
  const run_began_at = beganAt(state, plan_id, run_id, at);
  return putPlan({ ...state, run_began_at }, { ...plan, run_id, status: "running", steps });
}

function changeStep(state: State, event: string, data: Json, at: number): State {
  const step_id = typeof data.step_id === "string" ? data.step_id : undefined;
  const plan_id = step_id ? planIdOf(state, data, step_id) : undefined;
  if (!step_id || !plan_id) return state;
  const plan = state.plans[plan_id] ?? blankPlan(plan_id);
  const before = plan.steps.find((step) => step.step_id === step_id) ?? blankStep(step_id);
  const status = STEP_STATUS[event] ?? before.status;
  // A late progress frame must not reopen what has ended.
  if (event === "step.progress" && isOver(before.status)) return state;
  const base = event === "step.started" ? withoutResult(before) : before;
  const run_id = typeof data.run_id === "string" ? data.run_id : plan.run_id;
  const changed: Plan = {
    ...plan,
    ...known<Partial<Plan>>({ run_id }),
    status: planStatusAfter(plan, event),
    steps: upsert(plan.steps, { ...base, ...readStepChange(data), status }),
  };
  return putPlan({ ...state, run_began_at: beganAt(state, plan_id, run_id, at) }, changed);
}

const planStatusAfter = (plan: Plan, event: string): PlanStatus =>
  event === "step.started" || event === "step.ready" ? "running" : plan.status;

function withoutResult(step: Step): Step {
  const { error: _e, progress: _p, because: _b, ...rest } = step;
  return { ...rest, outputs: [] };
}

export const isOver = (status: StepStatus): boolean =>
  status === "succeeded" || status === "failed" || status === "blocked" || status === "cancelled";

function endRun(state: State, data: Json): State {
  const run_id = typeof data.run_id === "string" ? data.run_id : "";
  const plan_id = typeof data.plan_id === "string" ? data.plan_id : planOfRun(run_id);
  const plan = state.plans[plan_id];
  if (!plan) return state;
  const status = (typeof data.status === "string" ? data.status : "succeeded") as PlanStatus;
  const captured = typeof data.cost === "number" ? { captured: data.cost } : (readMoney(data.cost) ?? {});
  const steps = plan.steps.map((step) =>
    isOver(step.status) || status !== "cancelled" ? step : { ...step, status: "cancelled" as const },
  );
  return putPlan(state, { ...plan, run_id, status, steps, cost: { ...plan.cost, ...captured } });
}

/** A yes begins the clock before the run has a name; its first step gives it one. */
function beganAt(
  state: State,
  plan_id: string,
  run_id: string | undefined,
  at: number,
): Record<string, number> {
  if (run_id === undefined) return { ...state.run_began_at, [plan_id]: at };
  if (run_id in state.run_began_at) return state.run_began_at;
  const { [plan_id]: approved_at = at, ...others } = state.run_began_at;
  return { ...others, [run_id]: approved_at };
}

function planIdOf(state: State, data: Json, step_id: string): string | undefined {
  if (typeof data.plan_id === "string") return data.plan_id;
  if (isObject(data.step) && typeof data.step.plan_id === "string") return data.step.plan_id;
  return planOfStep(step_id) ?? state.plan_order.at(-1);
}

const blankPlan = (plan_id: string): Plan => ({
  plan_id,
  title: "",
  status: "drafting",
  cost: {},
  steps: [],
});

function putPlan(state: State, plan: Plan): State {
  const order = state.plan_order.includes(plan.plan_id)
    ? state.plan_order
    : [...state.plan_order, plan.plan_id];
  return { ...state, plans: { ...state.plans, [plan.plan_id]: plan }, plan_order: order };
}

/** Replaces the step of the same key in its place, or adds it at the end. */
export function upsert(steps: Step[], step: Step): Step[] {
  const at = steps.findIndex((other) => other.key === step.key);
  return at < 0 ? [...steps, step] : steps.map((other, index) => (index === at ? step : other));
}

/** What a yes leads to: of a fork, the steps whose results are not kept. */
export function toRun(plan: Plan): Pick<Plan, "cost" | "steps"> {
  const steps = plan.steps.filter((step) => step.status !== "succeeded");
  return steps.length === plan.steps.length ? plan : { cost: {}, steps };
}

/** The plan's own figure, or the sum of its steps' while the plan has none. */
export function estimateOf(plan: Pick<Plan, "cost" | "steps">): number | undefined {
  if (plan.cost.estimated !== undefined) return plan.cost.estimated;
  const known = plan.steps.map((step) => step.cost?.estimated).filter((cost) => cost !== undefined);
  return known.length > 0 ? known.reduce((sum, cost) => sum + cost, 0) : undefined;
}
