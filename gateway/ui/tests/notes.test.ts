import { describe, expect, test } from "vitest";
import { PLAN, planned, SESSION } from "../dev/recording.ts";
import { readPlan } from "../src/api/wire.ts";
import { notesBySteps, toldNotes } from "../src/canvas/notes.ts";
import { emptyState, type Plan, type State } from "../src/state/model.ts";
import { reduce } from "../src/state/reduce.ts";

const LENGTH = { step: "s2", text: "60 seconds are more than any model here makes" };
const raw = {
  plan_id: "pln_X.1",
  steps: [
    { step_id: "stp_X.1.s1", title: "Song" },
    { step_id: "stp_X.1.s2", title: "A film" },
  ],
  notes: [
    LENGTH,
    { text: "“Poem”: no model for text is available, so it was left out" },
    { step: "s2", text: "it has no use for", other: "s1" },
    { step: "Music", text: "there is none." },
    LENGTH,
    7,
    { step: "s1" },
  ],
};

describe("what is not as it was asked for", () => {
  const plan = readPlan(raw) as Plan;

  test("is said once, with the titles of the steps", () => {
    expect(toldNotes(plan).map(({ text }) => text)).toEqual([
      "“A film”: 60 seconds are more than any model here makes.",
      "“Poem”: no model for text is available, so it was left out.",
      "“A film”: it has no use for “Song”.",
      "Music: there is none.",
    ]);
  });

  test("stands at the steps that it is about", () => {
    expect(notesBySteps(plan)).toEqual({
      s2: ["60 seconds are more than any model here makes.", "It has no use for “Song”."],
    });
  });

  test("is known as soon as the plan waits for a yes, and is not what was said of an earlier one", () => {
    const opened = reduce(emptyState, { type: "opened", session_id: SESSION, fresh: true });
    const frame = (event: string, notes: object[]) => ({ event, data: { plan_id: PLAN, notes }, at: 0 });
    const frames = [
      ...planned.map(({ event, data }) => ({ event, data, at: 0 })),
      frame("plan.validated", [{ text: "old" }]),
      frame("plan.validated", [LENGTH]),
      frame("plan.awaiting_approval", [{ text: "doubtful" }]),
    ];
    const state = frames.reduce<State>((now, one) => reduce(now, { type: "frame", frame: one }), opened);
    expect(state.plans[PLAN]?.notes).toEqual([LENGTH, { text: "doubtful" }]);
  });
});
