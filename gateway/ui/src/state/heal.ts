/** The page heals itself from the API: what a query answers is laid under what the stream has said since. */
import type { Plan, SessionSnapshot, State, Step, StepStatus, TimelineItem } from "./model.ts";

export function heal(state: State, session: SessionSnapshot): State {
  if (session.session_id !== state.session_id) return state;
  const messages = { ...state.messages };
  for (const message of session.messages) messages[message.message_id] = message;
  const plans = { ...state.plans };
  for (const plan of session.plans) plans[plan.plan_id] = healPlan(state, plan);
  const listed = session.plans.map((plan) => plan.plan_id);
  return {
    ...state,
    loaded: true,
    title: session.title || state.title,
    messages,
    uploads: { ...state.uploads, ...session.uploads },
    plans,
    plan_order: [...listed, ...state.plan_order.filter((id) => !listed.includes(id))],
    timeline: healTimeline(state, session),
  };
}

/** Unknown messages go before what the page has seen live; known ones keep their place. */
function healTimeline(state: State, session: SessionSnapshot): TimelineItem[] {
  const seen = new Set(state.timeline.map((item) => item.id));
  const missed = session.messages
    .filter((message) => !seen.has(message.message_id))
    .map((message): TimelineItem => ({ kind: "message", id: message.message_id }));
  if (missed.length === 0) return state.timeline;
  const last_known = state.timeline.findLastIndex((item) => item.kind === "message");
  const fresh = last_known < 0;
  return fresh
    ? [...missed, ...state.timeline]
    : [...state.timeline.slice(0, last_known + 1), ...missed, ...state.timeline.slice(last_known + 1)];
}

const RANK: Record<StepStatus, number> = {
  planned: 0,
  awaiting_approval: 1,
  ready: 2,
  running: 3,
  blocked: 4,
  cancelled: 4,
  failed: 4,
  succeeded: 4,
};

/** Within one run a step only moves forward, so the further of the two is the newer. Another run: the API's word. */
export function healPlan(state: State, plan: Plan): Plan {
  const mine = state.plans[plan.plan_id];
  if (!mine || plan.steps.length === 0) return mine ?? plan;
  const same_run = mine.run_id === plan.run_id;
  const steps = plan.steps.map((step) => {
    const own = mine.steps.find((other) => other.key === step.key);
    return own && same_run && RANK[own.status] > RANK[step.status]
      ? overlay(step, own)
      : keepProgress(step, own);
  });
  const behind = same_run && isEnded(mine.status) && !isEnded(plan.status);
  return { ...plan, title: plan.title || mine.title, steps, status: behind ? mine.status : plan.status };
}

const isEnded = (status: Plan["status"]): boolean =>
  ["succeeded", "partial", "failed", "cancelled", "rejected"].includes(status);

const overlay = (step: Step, own: Step): Step => ({
  ...step,
  ...own,
  title: step.title || own.title,
  description: step.description || own.description,
  depends_on: step.depends_on,
});

const keepProgress = (step: Step, own: Step | undefined): Step =>
  own?.progress !== undefined && step.status === "running" ? { ...step, progress: own.progress } : step;
