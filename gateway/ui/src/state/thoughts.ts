/** Frames `agent.*`: what the language models think and write, by call. */
import { type Json, known } from "../api/wire.ts";
import type { AgentCall, State } from "./model.ts";

export function reduceCallFrame(state: State, event: string, data: Json): State {
  const call_id = typeof data.call_id === "string" ? data.call_id : undefined;
  if (!call_id) return state;
  switch (event) {
    case "agent.started":
      return start(state, call_id, data);
    case "agent.reasoning":
      return append(state, call_id, "reasoning", data);
    case "agent.content":
      return append(state, call_id, "content", data);
    case "agent.finished":
      return finish(state, call_id, data);
    default:
      return state;
  }
}

function blankCall(call_id: string, data: Json): AgentCall {
  const agent = String(data.agent ?? "agent");
  return { call_id, agent, stage: String(data.stage ?? agent), reasoning: "", content: "", done: false };
}

/** A stage that begins again voids what its unfinished call had said. */
function start(state: State, call_id: string, data: Json): State {
  const call = blankCall(call_id, data);
  const voided = Object.values(state.calls)
    .filter((other) => other.stage === call.stage && !other.done && other.call_id !== call_id)
    .map((other) => other.call_id);
  const calls = Object.fromEntries(Object.entries(state.calls).filter(([id]) => !voided.includes(id)));
  const timeline = state.timeline.filter((item) => item.kind !== "call" || !voided.includes(item.id));
  const draft = state.draft && [...voided, call_id].includes(state.draft.call_id) ? null : state.draft;
  return {
    ...state,
    draft,
    calls: { ...calls, [call_id]: call },
    timeline: call_id in state.calls ? timeline : [...timeline, { kind: "call", id: call_id }],
  };
}

/** `delta` appends; `text` is the call's text so far, sent first where a stream resumes beyond the live buffer. */
function append(state: State, call_id: string, part: "reasoning" | "content", data: Json): State {
  const ready = call_id in state.calls ? state : start(state, call_id, data);
  const call = ready.calls[call_id];
  if (!call) return ready;
  const so_far = typeof data.text === "string" ? data.text : call[part];
  const delta = typeof data.delta === "string" ? data.delta : "";
  return { ...ready, calls: { ...ready.calls, [call_id]: { ...call, [part]: so_far + delta } } };
}

function finish(state: State, call_id: string, data: Json): State {
  const ready = call_id in state.calls ? state : start(state, call_id, data);
  const call = ready.calls[call_id];
  if (!call) return ready;
  const figures = known<Partial<AgentCall>>({
    ms: typeof data.ms === "number" ? data.ms : undefined,
    tokens_in: typeof data.tokens_in === "number" ? data.tokens_in : undefined,
    tokens_out: typeof data.tokens_out === "number" ? data.tokens_out : undefined,
    fallback: data.fallback ? true : undefined,
  });
  return { ...ready, calls: { ...ready.calls, [call_id]: { ...call, ...figures, done: true } } };
}
