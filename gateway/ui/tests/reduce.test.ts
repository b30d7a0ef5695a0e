import { describe, expect, test } from "vitest";
import {
  output,
  PLAN,
  planned,
  type Recorded,
  RUN,
  ran,
  ranIntoTrouble,
  SENTENCE,
  SESSION,
  STEPS,
  stepOf,
} from "../dev/recording.ts";
import { type Action, emptyState, type State } from "../src/state/model.ts";
import { estimateOf } from "../src/state/plans.ts";
import { reduce } from "../src/state/reduce.ts";

const opened = reduce(emptyState, { type: "opened", session_id: SESSION, fresh: true });

/** Frames are a second apart, so that durations can be asserted. */
function play(state: State, frames: Recorded[]): State {
  return frames.reduce(
    (now, { event, data }, index) => reduce(now, { type: "frame", frame: { event, data, at: index * 1000 } }),
    state,
  );
}

const one = (event: string, data: Record<string, unknown>): Recorded => ({ after: 0, event, data });
const statuses = (state: State): (string | undefined)[] =>
  state.plans[PLAN]?.steps.map((step) => step.status) ?? [];
const upTo = (frames: Recorded[], event: string): Recorded[] => {
  const last = frames.findLastIndex((frame) => frame.event === event);
  return frames.slice(0, last + 1);
};

/** Frames up to and with the first that fits. */
const until = (frames: Recorded[], fits: (frame: Recorded) => boolean): Recorded[] =>
  frames.slice(0, frames.findIndex(fits) + 1);

describe("while the model writes", () => {
  test("every step that is whole is a ghost, linked by the planner's own ids", () => {
    const state = play(opened, upTo(planned, "step.drafting"));
    expect(state.draft?.steps.map(({ key, depends_on }) => [key, depends_on])).toEqual([
      ["s1", []],
      ["s2", ["s1"]],
      ["s3", ["s2"]],
    ]);
    expect(state.plan_order).toEqual([]);
  });

  test("the decision's frames void the ghosts and keep their keys", () => {
    const state = play(opened, planned);
    expect(state.draft).toBeNull();
    expect(state.plans[PLAN]?.steps.map(({ key, step_id }) => [key, step_id])).toEqual([
      ["s1", "stp_01JDEMO.1.s1"],
      ["s2", "stp_01JDEMO.1.s2"],
      ["s3", "stp_01JDEMO.1.s3"],
    ]);
    expect(state.plans[PLAN]).toMatchObject({ status: "awaiting_approval" });
  });

  test("models, inputs and prices come step by step, and add up to what is asked for", () => {
    const plan = play(opened, planned).plans[PLAN];
    expect(plan?.steps.map((step) => step.model)).toEqual(STEPS.map((step) => step.model));
    expect(plan?.steps[1]).toMatchObject({
      title: "Animate to video",
      depends_on: ["s1"],
      input: { duration_s: 5 },
    });
    expect(plan && estimateOf(plan)).toBe(25_500);
  });

  test("reasoning and content are told apart and appended", () => {
    const call = play(opened, planned).calls.call_plan;
    expect(call?.reasoning).toContain("The sentence asks for three things");
    expect(call?.content).toContain('"Product image"');
    expect(call).toMatchObject({ agent: "planner", done: true, ms: 3900 });
  });

  test("a stage that begins again voids its unfinished call and its ghosts", () => {
    const first = upTo(planned, "step.drafting");
    const state = play(opened, [
      ...first,
      one("agent.started", { agent: "planner", stage: "plan", call_id: "call_2" }),
    ]);
    expect(state.calls.call_plan).toBeUndefined();
    expect(state.draft).toBeNull();
    expect(state.timeline.map((item) => item.id)).toEqual(["call_ctx", "call_2"]);
  });

  test("the text so far replaces what a resumed stream had heard", () => {
    const state = play(opened, [
      one("agent.started", { agent: "planner", stage: "plan", call_id: "c" }),
      one("agent.content", { call_id: "c", delta: '{"ti' }),
      one("agent.content", { call_id: "c", text: '{"title": ' }),
      one("agent.content", { call_id: "c", delta: '"Mug"' }),
    ]);
    expect(state.calls.c?.content).toBe('{"title": "Mug"');
  });
});

describe("a run", () => {
  test("ends with three results, its cost, its time and its files", () => {
    const state = play(play(opened, planned), ran);
    expect(statuses(state)).toEqual(["succeeded", "succeeded", "succeeded"]);
    expect(state.plans[PLAN]).toMatchObject({ status: "succeeded", cost: { captured: 23_880 } });
    expect(state.credits).toEqual({ available: 76_120, reserved: 0 });
    expect(state.notices[`run-${RUN}`]).toMatchObject({ tone: "good", text: "Finished" });
    expect(state.notices[`run-${RUN}`]?.detail).toBe(`23.88 credits spent · ${ran.length - 1}.0 s`);
    expect(state.notices[`run-${RUN}`]?.assets.map((asset) => asset.asset_id)).toEqual([
      "ast_image",
      "ast_video",
      "ast_audio",
    ]);
  });

  test("shows progress, and a late progress frame does not reopen what has ended", () => {
    const running = play(
      play(opened, planned),
      until(ran, ({ data }) => data.progress === 0.5),
    );
    expect(running.plans[PLAN]?.steps[0]).toMatchObject({ status: "running", progress: 0.5 });
    const done = play(play(opened, planned), ran);
    const late = play(done, [one("step.progress", { step_id: "stp_01JDEMO.1.s1", progress: 0.2 })]);
    expect(late).toEqual(done);
  });

  test("a failure says its category and blocks what depends on it", () => {
    const state = play(play(opened, planned), ranIntoTrouble);
    expect(statuses(state)).toEqual(["succeeded", "failed", "blocked"]);
    expect(state.plans[PLAN]?.steps[1]).toMatchObject({ error: { category: "content_policy" } });
    expect(state.plans[PLAN]?.steps[2]?.because).toBe("stp_01JDEMO.1.s2");
    expect(state.notices[`run-${RUN}`]?.tone).toBe("bad");
  });

  test("a rerun clears what it does not keep", () => {
    const state = play(play(play(opened, planned), ran), [
      one("run.started", { plan_id: PLAN, run_id: "run_01JDEMO.1.2", steps: [], kept: { s1: RUN } }),
      one("step.started", { step_id: "stp_01JDEMO.1.s3", run_id: "run_01JDEMO.1.2" }),
    ]);
    expect(state.plans[PLAN]).toMatchObject({ status: "running", run_id: "run_01JDEMO.1.2" });
    expect(statuses(state)).toEqual(["succeeded", "planned", "running"]);
    expect(state.plans[PLAN]?.steps.map((step) => step.outputs.length)).toEqual([1, 0, 0]);
  });

  test("cancelling ends what was open and keeps what was done", () => {
    const half = play(
      play(opened, planned),
      until(ran, ({ event }) => event === "step.succeeded"),
    );
    const state = play(half, [one("run.completed", { run_id: RUN, status: "cancelled", cost: 4000 })]);
    expect(statuses(state)).toEqual(["succeeded", "cancelled", "cancelled"]);
    expect(state.notices[`run-${RUN}`]?.tone).toBe("plain");
  });

  test("durable frames may come twice", () => {
    const durable = [...planned, ...ran].filter(
      ({ event }) => !/reasoning|content|started|progress/.test(event),
    );
    const once = play(opened, durable);
    const twice = play(once, durable.slice(-3));
    expect({ ...twice, notices: {} }).toEqual({ ...once, notices: {} });
    expect(Object.keys(twice.notices)).toEqual(Object.keys(once.notices));
  });
});

test("a stream that breaks off is no news for the conversation", () => {
  expect(play(opened, [one("error", { type: "/problems/unavailable", title: "Unavailable" })])).toBe(opened);
  const told = play(opened, [one("error", { type: "/problems/internal", title: "Something went wrong" })]);
  expect(Object.values(told.notices)).toMatchObject([{ tone: "bad", text: "Something went wrong" }]);
});

describe("messages", () => {
  const pending: Action = {
    type: "message_sent",
    message: { message_id: "pending-1", role: "user", text: SENTENCE, assets: [], pending: true },
  };
  const posted = one("message.posted", { message_id: "msg_1", role: "user", text: SENTENCE, assets: [] });
  const confirmed: Action = { type: "message_confirmed", pending_id: "pending-1", message_id: "msg_1" };

  test.each([
    ["the answer first", (state: State) => play(reduce(state, confirmed), [posted])],
    ["the frame first", (state: State) => reduce(play(state, [posted]), confirmed)],
  ])("one message stands, whichever comes first: %s", (_, settle) => {
    const state = settle(reduce(opened, pending));
    expect(state.timeline).toEqual([{ kind: "message", id: "msg_1" }]);
    expect(Object.keys(state.messages)).toEqual(["msg_1"]);
    expect(state.messages.msg_1?.pending).toBeFalsy();
  });

  test("a refused message leaves nothing behind", () => {
    const state = reduce(reduce(opened, pending), { type: "message_refused", pending_id: "pending-1" });
    expect(state).toEqual(opened);
  });
});

test("what is no object, or of an unknown kind, changes nothing", () => {
  const odd: unknown[] = [null, "text", 3, []];
  for (const data of odd) {
    expect(reduce(opened, { type: "frame", frame: { event: "step.started", data, at: 0 } })).toBe(opened);
  }
  expect(play(opened, [one("weather.changed", { sunny: true })])).toBe(opened);
});

test("outputs are read whole", () => {
  const state = play(opened, [
    one("plan.drafted", { plan_id: PLAN, title: "Film" }),
    one("step.drafted", { step: stepOf(STEPS[1] ?? STEPS[0] ?? ({} as never)) }),
    one("step.succeeded", { step_id: "stp_01JDEMO.1.s2", outputs: [output("s2")], cost: 18_500 }),
  ]);
  expect(state.plans[PLAN]?.steps[0]?.outputs[0]).toMatchObject({
    media_type: "video/mp4",
    duration_s: 5,
    engine: "local-cpu/pyav",
  });
});
