import { describe, expect, it } from "vitest";
import { readPlan } from "../src/api/wire.ts";
import { saidBy } from "../src/chat/timeline.tsx";
import { at, NOTHING, PAGES_MAX, pagesShown, put, startOf } from "../src/past/pages.ts";
import { readSources, rowsOf } from "../src/past/sent.ts";
import { type Happening, readComparison, readHistory, readRuns } from "../src/past/wire.ts";
import { causeText, costText, sentence, toneOf } from "../src/past/words.ts";
import { emptyState, type Message } from "../src/state/model.ts";
import { estimateOf, toRun } from "../src/state/plans.ts";
import { reduce } from "../src/state/reduce.ts";

const RAW = {
  version: 9,
  event: "step_ready",
  at: "2026-03-01T12:00:00.000Z",
  position: "p9",
  step: "s1",
  facts: { model: "local/picture", run_id: "run_X.1.2" },
  cause: { kind: "job", actor: "executor", job_id: "job_1" },
  cost: { captured: 1500, reserved: 2000 },
};

const happening = (more: object): Happening => {
  const [found] = readHistory({ items: [{ ...RAW, ...more }] }).items;
  if (!found) throw new Error("no happening");
  return found;
};

describe("a plan's history", () => {
  it("is read, and what has no moment is left out", () => {
    const { items, total } = readHistory({ items: [RAW, {}, null, { version: 1 }], total: 70_000 });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ version: 9, step: "s1", position: "p9" });
    expect(total).toBe(70_000);
  });

  it.each([
    [{}, "“A lamp” was handed to local/picture"],
    [{ event: "plan_edited", facts: {} }, "The plan was changed by words"],
    [{ event: "step_succeeded", facts: {} }, "“A lamp” is done"],
    [{ event: "step_succeeded", facts: { reused_from: "job_0" } }, "“A lamp” took an earlier result"],
    [{ event: "step_failed", facts: { category: "content_policy" } }, "“A lamp” failed: content policy"],
    [
      { event: "run_completed", step: undefined, facts: { status: "partial", run_id: "run_X.1.2" } },
      "Run 2: partial",
    ],
    [{ event: "plan_rolled_back", step: undefined, facts: { run_id: "run_X.1.1" } }, "Back to run 1"],
    [{ event: "something_newer", step: undefined }, "something newer"],
  ])("says what happened: %o", (more, words) => {
    expect(sentence(happening(more), { s1: "A lamp" })).toBe(words);
  });

  it("says what led to it and what it cost by then", () => {
    expect(causeText(happening({}))).toBe("a job before it ended");
    expect(causeText(happening({ event: "step_started" }))).toBe("its job was taken up");
    expect(causeText(happening({ event: "step_succeeded" }))).toBe("its job ended");
    expect(causeText(happening({ cause: { kind: "person", actor: "key_1" } }))).toBe("asked for by a person");
    expect(causeText(happening({ cause: {} }))).toBe("by the platform");
    expect(costText(happening({}))).toBe("1.5 cr so far, 2 set aside");
    expect(costText(happening({ cost: { captured: 1500, step: 500 } }))).toBe("1.5 cr so far, 0.5 for this");
    expect(costText(happening({ cost: {} }))).toBe("0 cr so far");
  });

  it("marks an end that is no success", () => {
    expect(toneOf(happening({ event: "run_completed", facts: { status: "succeeded" } }))).toBe("good");
    expect(toneOf(happening({ event: "run_completed", facts: { status: "failed" } }))).toBe("bad");
  });
});

describe("of a long life", () => {
  const page = (number: number) => [happening({ version: startOf(number) + 4 })];

  it("the pages around the handle are read, of a short one all", () => {
    expect(pagesShown(0, 0)).toEqual([0]);
    expect(pagesShown(3, 350)).toEqual([0, 1]);
    expect(pagesShown(300, 60_000)).toEqual([1]);
    expect(pagesShown(390, 60_000)).toEqual([1, 2]);
    expect(pagesShown(401, 60_000)).toEqual([2, 1]);
    expect(pagesShown(59_999, 60_000)).toEqual([299]);
  });

  it("each event is found at its place, and is unknown until its page is read", () => {
    const pages = put(put(NOTHING, 0, page(0)), 7, page(7));
    expect(at(pages, 4)?.version).toBe(5);
    expect(at(pages, 1404)?.version).toBe(1405);
    expect([at(pages, 3), at(pages, 204)]).toEqual([undefined, undefined]);
  });

  it("no more pages are held than so many, and those nearest to the last one stay", () => {
    let pages = NOTHING;
    for (let number = 0; number < 300; number += 1) pages = put(pages, number, page(number));
    expect(pages.size).toBe(PAGES_MAX);
    expect([...pages.keys()]).toEqual(Array.from({ length: PAGES_MAX }, (_, n) => 300 - PAGES_MAX + n));
    expect(put(pages, 0, page(0)).has(0)).toBe(true);
  });
});

describe("a plan's runs", () => {
  it("are numbered, with what was kept", () => {
    const [run] = readRuns({
      items: [{ run_id: "run_X.1.2", status: "partial", steps: ["a"], kept: { b: "r" } }, 3],
    });
    expect(run).toMatchObject({ number: 2, status: "partial", ran: 1, kept: 1, archived: false });
  });

  it("stand side by side, where a step may be missing", () => {
    const side = {
      status: "succeeded",
      model: "m",
      cost: 5,
      kept_from: "run_X.1.1",
      title: "A lamp",
      outputs: [],
    };
    const read = readComparison({
      runs: { a: { cost: 5 } },
      steps: [{ step: "s1", differs: ["model"], b: side }, {}],
    });
    expect(read.a.cost).toBe(5);
    expect(read.steps).toHaveLength(1);
    expect(read.steps[0]).toMatchObject({ title: "A lamp", differs: ["model"], a: undefined });
    expect(read.steps[0]?.b).toMatchObject({ kept: true, reused: false, model: "m" });
  });
});

describe("what a step was sent", () => {
  const file = { asset_id: "ast_1", media_type: "image/png", url: "/v1/assets/ast_1" };
  const input = {
    prompt: "Turn it\n\nIt shines",
    images: [{ $asset: file }, { $asset: file }],
    fps: 24,
    "a/b": 1,
  };
  const from = (pointer: string, ...sources: object[]) => ({ pointer, from: sources });
  const sources = readSources([
    from("/prompt", { kind: "description" }, { kind: "step", name: "s2" }),
    from("/images/0", { kind: "step", name: "s1" }),
    from("/images/1", { kind: "upload", name: "image_1" }),
    from("/fps", { kind: "planned" }),
    from("/a~1b", { kind: "model" }),
    3,
  ]);

  it("says of each part where it came from", () => {
    const rows = rowsOf(input, sources, { s1: "A lamp" });
    expect(rows.map(({ name, from: origin }) => [name, origin])).toEqual([
      ["prompt", "from the step’s description and “s2”"],
      ["images 1", "from “A lamp”"],
      ["images 2", "from the file image_1"],
      ["fps", undefined],
      ["a/b", "from the model’s own settings"],
    ]);
    expect(rows[1]?.file?.url).toBe("/v1/assets/ast_1");
    expect([rows[0]?.value, rows[3]?.value]).toEqual([input.prompt, "24"]);
  });
});

describe("frames of approval and of going back", () => {
  const step = (event: string, data: object) => ({ type: "frame" as const, frame: { event, data, at: 0 } });
  const opened = reduce(emptyState, { type: "opened", session_id: "ses_X", fresh: true });
  const drafted = reduce(
    opened,
    step("step.drafted", { plan_id: "pln_X.1", step: { step_id: "stp_X.1.s1" } }),
  );

  it("a step waits for its yes", () => {
    const waiting = reduce(
      drafted,
      step("step.awaiting_approval", { plan_id: "pln_X.1", step_id: "stp_X.1.s1" }),
    );
    expect(waiting.plans["pln_X.1"]?.steps[0]?.status).toBe("awaiting_approval");
  });

  it("going back changes nothing until the API has told what stands again", () => {
    expect(reduce(drafted, step("plan.rolled_back", { plan_id: "pln_X.1", run_id: "run_X.1.1" }))).toBe(
      drafted,
    );
  });
});

describe("what a moment of the past shows", () => {
  it("is what had been said by then, without what became of it", () => {
    const message = (message_id: string, at: string): Message => ({
      message_id,
      role: "user",
      text: message_id,
      assets: [],
      at,
    });
    const state = {
      ...emptyState,
      messages: { m1: message("m1", "2026-03-01T12:00:00Z"), m2: message("m2", "2026-03-01T12:01:00Z") },
      timeline: [
        { kind: "message" as const, id: "m1" },
        { kind: "call" as const, id: "c1" },
        { kind: "notice" as const, id: "n1" },
        { kind: "message" as const, id: "m2" },
      ],
    };
    const by = (at: string) => saidBy(state, at).timeline.map(({ id }) => id);
    expect(by("2026-03-01T12:00:30Z")).toEqual(["m1", "c1"]);
    expect(by("2026-03-01T12:01:00Z")).toEqual(["m1", "c1", "m2"]);
    expect(by("2026-03-01T11:00:00Z")).toEqual([]);
  });
});

it("a yes to a fork leads to what is not kept, and costs no more than that", () => {
  const step = (id: string, status: string) => ({
    step_id: `stp_X.2.${id}`,
    title: id,
    status,
    cost: { estimated: 500 },
  });
  const plan = readPlan({
    plan_id: "pln_X.2",
    status: "awaiting_approval",
    cost: { estimated: 1000 },
    steps: [step("s1", "succeeded"), step("s2", "planned")],
  });
  if (!plan) throw new Error("no plan");
  expect(toRun(plan).steps.map(({ key }) => key)).toEqual(["s2"]);
  expect(estimateOf(toRun(plan))).toBe(500);
  expect(toRun({ ...plan, steps: plan.steps.slice(1) }).cost).toEqual({ estimated: 1000 });
});

describe("a finished plan that is edited", () => {
  const step = (id: string) => ({
    step_id: `stp_X.1.${id}`,
    title: id,
    status: "succeeded",
    outputs: [{ url: "u", media_type: "image/png" }],
  });
  const plan = readPlan({
    plan_id: "pln_X.1",
    status: "succeeded",
    run_id: "run_X.1.1",
    steps: ["s1", "s2", "s3"].map(step),
  });
  if (!plan) throw new Error("no plan");
  const state = { ...emptyState, plans: { "pln_X.1": plan }, plan_order: ["pln_X.1"] };
  const after = (data: object) =>
    reduce(state, {
      type: "frame",
      frame: { event: "plan.revised", at: 0, data: { plan_id: "pln_X.1", ...data } },
    }).plans["pln_X.1"];
  const statuses = (data: object) => after(data)?.steps.map(({ key, status }) => `${key} ${status}`);

  it("by words: loses what goes, and the results of what changes", () => {
    expect(statuses({ title: "Other", changed: ["stp_X.1.s3"], removed: ["stp_X.1.s2"] })).toEqual([
      "s1 succeeded",
      "s3 planned",
    ]);
  });

  it("by hand, where it is a fork: loses the results that count no more", () => {
    const change = { step_id: "stp_X.1.s2", step: { step_id: "stp_X.1.s2", model: "m" } };
    expect(statuses({ ...change, stale: ["stp_X.1.s2", "stp_X.1.s3"] })).toEqual([
      "s1 succeeded",
      "s2 planned",
      "s3 planned",
    ]);
    expect(statuses(change)).toEqual(["s1 succeeded", "s2 succeeded", "s3 succeeded"]);
  });
});
