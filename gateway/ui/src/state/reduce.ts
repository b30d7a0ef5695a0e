/** (state, action) -> state. Frames may repeat: applying one twice changes nothing but appended token deltas. */
import { isObject, type Json, known, planOfRun, readMessage } from "../api/wire.ts";
import { creditsText } from "../kit/format.ts";
import { fileName } from "../kit/media.ts";
import { heal, healPlan } from "./heal.ts";
import { type Action, emptyState, type Frame, type Message, type State } from "./model.ts";
import { reducePlanFrame } from "./plans.ts";
import { reduceCallFrame } from "./thoughts.ts";

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "opened":
      return { ...emptyState, credits: state.credits, session_id: action.session_id, loaded: action.fresh };
    case "closed":
      return { ...emptyState, credits: state.credits };
    case "frame":
      return reduceFrame(state, action.frame);
    case "healed":
      return heal(state, action.session);
    case "plan_healed":
      return { ...state, plans: { ...state.plans, [action.plan.plan_id]: healPlan(state, action.plan) } };
    case "credits_read":
      return { ...state, credits: action.credits };
    case "uploaded":
      return { ...state, uploads: { ...state.uploads, ...action.uploads } };
    case "message_sent":
      return putMessage(state, action.message);
    case "message_confirmed":
      return confirmMessage(state, action.pending_id, action.message_id);
    case "message_refused":
      return dropMessage(state, action.pending_id);
  }
}

export function reduceFrame(state: State, frame: Frame): State {
  if (!isObject(frame.data)) return state;
  const { event, data, at } = { ...frame, data: frame.data };
  if (event.startsWith("agent.")) return reduceCallFrame(state, event, data);
  if (event.startsWith("plan.") || event.startsWith("step.")) return reducePlanFrame(state, event, data, at);
  switch (event) {
    case "run.started":
      return reducePlanFrame(state, event, data, at);
    case "run.completed":
      return completeRun(state, data, at);
    case "message.posted":
      return postMessage(state, data);
    case "credits.changed":
      return changeCredits(state, data);
    case "error":
      // A stream that cannot go on says so and ends; the indicator of the connection shows it.
      if (String(data.type).endsWith("/unavailable")) return state;
      return notice(state, `error-${at}`, "bad", String(data.title ?? "Something went wrong"), data.detail);
    default:
      return state;
  }
}

function completeRun(state: State, data: Json, at: number): State {
  const ended = reducePlanFrame(state, "run.completed", data, at);
  const run_id = String(data.run_id ?? "");
  const status = String(data.status ?? "succeeded");
  const began = state.run_began_at[run_id];
  const parts = [
    typeof data.cost === "number" ? `${creditsText(data.cost)} spent` : undefined,
    began === undefined ? undefined : `${((at - began) / 1000).toFixed(1)} s`,
  ].filter(Boolean);
  const words: Record<string, string> = {
    succeeded: "Finished",
    partial: "Finished, with some steps failed",
    failed: "The run failed",
    cancelled: "The run was cancelled",
  };
  const plan = ended.plans[planOfRun(run_id)];
  const assets = (plan?.steps ?? []).flatMap((step) =>
    step.outputs.map((asset) => ({ ...asset, name: fileName(asset, step.title) })),
  );
  const tone = status === "succeeded" ? "good" : status === "cancelled" ? "plain" : "bad";
  return notice(
    ended,
    `run-${run_id}`,
    tone,
    words[status] ?? status,
    parts.join(" · ") || undefined,
    assets,
  );
}

function notice(
  state: State,
  id: string,
  tone: "good" | "bad" | "plain",
  words: string,
  detail?: unknown,
  assets: State["notices"][string]["assets"] = [],
): State {
  const made = known<State["notices"][string]>({
    id,
    tone,
    text: words,
    detail: typeof detail === "string" ? detail : undefined,
    assets,
  });
  const seen = id in state.notices;
  return {
    ...state,
    notices: { ...state.notices, [id]: made },
    timeline: seen ? state.timeline : [...state.timeline, { kind: "notice", id }],
  };
}

function changeCredits(state: State, data: Json): State {
  const { available, reserved } = data;
  if (typeof available !== "number" || typeof reserved !== "number") return state;
  return { ...state, credits: { available, reserved } };
}

function postMessage(state: State, data: Json): State {
  const message = readMessage(data);
  if (!message) return state;
  if (message.message_id in state.messages) return putMessage(state, message);
  const twin = Object.values(state.messages).find(
    (other) => other.pending && other.role === message.role && other.text === message.text,
  );
  const renamed = twin ? confirmMessage(state, twin.message_id, message.message_id) : state;
  return putMessage(renamed, message);
}

function putMessage(state: State, message: Message): State {
  const seen = message.message_id in state.messages;
  return {
    ...state,
    messages: { ...state.messages, [message.message_id]: message },
    timeline: seen ? state.timeline : [...state.timeline, { kind: "message", id: message.message_id }],
  };
}

/** The frame may come before or after the answer to the POST: whichever is second finds nothing left to do. */
function confirmMessage(state: State, pending_id: string, message_id: string): State {
  const pending = state.messages[pending_id];
  if (!pending) return state;
  if (message_id in state.messages) return dropMessage(state, pending_id);
  const { [pending_id]: _, ...others } = state.messages;
  return {
    ...state,
    messages: { ...others, [message_id]: { ...pending, message_id, pending: false } },
    timeline: state.timeline.map((item) => (item.id === pending_id ? { ...item, id: message_id } : item)),
  };
}

function dropMessage(state: State, id: string): State {
  const { [id]: _, ...messages } = state.messages;
  return { ...state, messages, timeline: state.timeline.filter((item) => item.id !== id) };
}
