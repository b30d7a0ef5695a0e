import { expect, test } from "vitest";
import { PLAN, planned, type Recorded, RUN, ran, SESSION } from "../dev/recording.ts";
import { readPlan, readSession } from "../src/api/wire.ts";
import { emptyState, type State } from "../src/state/model.ts";
import { reduce } from "../src/state/reduce.ts";

const play = (state: State, frames: Recorded[]): State =>
  frames.reduce(
    (now, { event, data }) => reduce(now, { type: "frame", frame: { event, data, at: 0 } }),
    state,
  );

const opened = reduce(emptyState, { type: "opened", session_id: SESSION, fresh: false });
const finished = play(play(opened, planned), ran);

const snapshot = (state: State): ReturnType<typeof readSession> =>
  readSession({
    session_id: SESSION,
    title: "Film",
    messages: Object.values(state.messages),
    uploads: [
      { upload_id: "upl_1", url: "/v1/assets/a", media_type: "image/png", name: "logo.png" },
      { url: "no id" },
    ],
    plans: Object.values(state.plans),
  });

test("a page that opens late shows what the API knows", () => {
  const state = reduce(opened, { type: "healed", session: snapshot(finished) });
  expect(state.loaded).toBe(true);
  expect(state.title).toBe("Film");
  expect(state.uploads).toEqual({
    upl_1: { url: "/v1/assets/a", media_type: "image/png", name: "logo.png" },
  });
  expect(state.plans[PLAN]?.steps.map((step) => step.status)).toEqual([
    "succeeded",
    "succeeded",
    "succeeded",
  ]);
  expect(state.timeline).toEqual([{ kind: "message", id: "msg_2" }]);
});

test("an answer for a session that was left is dropped", () => {
  const elsewhere = reduce(emptyState, { type: "opened", session_id: "ses_other", fresh: true });
  expect(reduce(elsewhere, { type: "healed", session: snapshot(finished) })).toBe(elsewhere);
});

test("a read model that lags does not take results back within the same run", () => {
  const behind = { ...snapshot(play(opened, planned)).plans[0], run_id: RUN, status: "running" };
  const plan = readPlan(behind);
  if (!plan) throw new Error("the plan could not be read");
  const state = reduce(finished, { type: "plan_healed", plan });
  expect(state.plans[PLAN]?.status).toBe("succeeded");
  expect(state.plans[PLAN]?.steps[1]).toMatchObject({
    status: "succeeded",
    outputs: [{ asset_id: "ast_video" }],
  });
});

test("another run's word is taken as it is", () => {
  const rerun = {
    ...finished.plans[PLAN],
    run_id: "run_01JDEMO.1.2",
    status: "running",
    steps: [{ step_id: "stp_01JDEMO.1.s1", status: "running" }],
  };
  const plan = readPlan(rerun);
  if (!plan) throw new Error("the plan could not be read");
  const state = reduce(finished, { type: "plan_healed", plan });
  expect(state.plans[PLAN]?.steps.map((step) => step.status)).toEqual(["running"]);
});

test("messages missed while away come after the last one known", () => {
  const live = play(opened, [
    { after: 0, event: "message.posted", data: { message_id: "msg_1", role: "user", text: "a mug" } },
    { after: 0, event: "agent.started", data: { agent: "planner", stage: "plan", call_id: "c" } },
  ]);
  const session = readSession({
    session_id: SESSION,
    messages: [
      { message_id: "msg_1", role: "user", text: "a mug" },
      { message_id: "msg_2", role: "assistant", text: "Done" },
    ],
  });
  const state = reduce(live, { type: "healed", session });
  expect(state.timeline.map((item) => item.id)).toEqual(["msg_1", "msg_2", "c"]);
});
