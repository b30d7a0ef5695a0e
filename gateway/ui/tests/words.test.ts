import { expect, test } from "vitest";
import { Problem } from "../src/api/client.ts";
import type { Line } from "../src/credits/model.ts";
import { troubleOf } from "../src/credits/trouble.ts";
import { readExplanation, readLedger } from "../src/credits/wire.ts";
import { aboutOf, accountText, headlineOf, movesOf, pricedText, titleOf } from "../src/credits/words.ts";

const NAMES = { prj_1: "Trailer" };

function line(kind: string, moves: [string, number][], members: object = {}, cause?: object): Line {
  const postings = moves.map(([account, amount]) => ({ account, amount }));
  const item = { entry_id: "ent_1", seq: 1, kind, at: "", postings, ...members, ...(cause ? { cause } : {}) };
  const [read] = readLedger({ items: [item] }).lines;
  if (!read) throw new Error("the line could not be read");
  return read;
}

const CAUSE = { step_title: "Product image", model: "local/picture", prompt: "a bottle" };
const reserve = line(
  "reserve",
  [
    ["available", -1500],
    ["reserved:job_1", 1500],
  ],
  { job_id: "job_1" },
  CAUSE,
);
const capture = line(
  "capture",
  [
    ["reserved:job_1", -1500],
    ["spent", 1200],
    ["available", 300],
  ],
  {},
  CAUSE,
);
const allocate = line(
  "allocate",
  [
    ["available", -20_000],
    ["project:prj_1", 20_000],
  ],
  { project_id: "prj_1" },
);

test.each([
  [reserve, "Reserved for Product image"],
  [capture, "Captured 1.200, 0.300 returned"],
  [
    line("capture", [
      ["reserved:job_1", -1500],
      ["spent", 1500],
    ]),
    "Captured 1.500",
  ],
  [
    line("release", [
      ["reserved:job_1", -1500],
      ["project:prj_1", 1500],
    ]),
    "Released, 1.500 returned",
  ],
  [
    line("refund", [
      ["spent", -1200],
      ["available", 1200],
    ]),
    "Refunded 1.200",
  ],
  [
    line("adjust", [
      ["available", -5],
      ["external", 5],
    ]),
    "Adjusted downwards",
  ],
  [allocate, "20.000 set aside for Trailer"],
  [
    line(
      "reserve",
      [
        ["available", -1],
        ["reserved:j", 1],
      ],
      {},
      { model: "local/picture" },
    ),
    "Reserved for local/picture",
  ],
])("a line says what happened: %#", (one, title) => {
  expect(titleOf(one, NAMES)).toBe(title);
});

test("what a line changes is seen by who pays: money inside the house is no change", () => {
  expect(movesOf(capture.entry)).toEqual({ free: 300, reserved: -1500, spent: 1200 });
  expect(movesOf(allocate.entry)).toEqual({ free: 0, reserved: 0, spent: 0 });
});

test("the headline of an explanation is what the line is about", () => {
  expect(headlineOf(capture.entry)).toEqual({ figure: "1.200", word: "spent" });
  expect(headlineOf(reserve.entry)).toEqual({ figure: "1.500", word: "reserved" });
});

test("the words under the title name model, reason and the person's words", () => {
  expect(aboutOf(reserve, NAMES)).toEqual(["local/picture", "“a bottle”"]);
  const failed = line("release", [], { reason: "job_failed" }, { ...CAUSE, prompt: "[erased]" });
  expect(aboutOf(failed, NAMES)).toEqual(["Product image", "local/picture", "job failed", "words erased"]);
  const clamped = line("capture", [], { uncollected: 250 }, {});
  expect(aboutOf(clamped, NAMES)).toEqual(["0.250 beyond it not charged"]);
});

test("accounts and prices have names", () => {
  expect(
    ["available", "project:prj_1", "project:prj_9", "reserved:job_1"].map((one) => accountText(one, NAMES)),
  ).toEqual(["Available", "Project Trailer", "Project prj_9", "Reserved"]);
  expect(pricedText({ unit: "second", quantity: "5", unit_amount: 200, amount: 1000 })).toBe("5 s at 0.200");
});

test("what is not there yet, and what a key may not see, is told in plain words", () => {
  const missing = troubleOf(
    new Problem(404, { type: "/problems/not-found", title: "Not found" }),
    "The history",
  );
  expect(missing.title).toBe("The history is not available here");
  const refused = troubleOf(
    new Problem(403, { type: "/problems/forbidden", title: "No" }),
    "A new checkpoint",
  );
  expect(refused.detail).toContain("auditor or admin");
  const down = troubleOf(new Problem(0, {}), "The balance");
  expect(down.title).toBe("The balance could not be read. The platform cannot be reached");
});

test("an explanation keeps its optional parts apart, and one without its line is refused", () => {
  const entry = capture.entry.raw;
  const read = readExplanation({
    entry,
    siblings: [entry],
    chain: [{ kind: "message", id: "msg_1", at: "", title: "a" }],
  });
  expect(read.siblings).toHaveLength(1);
  expect("job" in read).toBe(false);
  expect(() => readExplanation({})).toThrow("names no line");
});
