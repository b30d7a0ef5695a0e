import { expect, test } from "vitest";
import { dayText } from "../src/credits/bars.tsx";
import { OTHERS, SERIES_MAX, stackOf, ticksOf, usagePath } from "../src/credits/usage.ts";

const NOW = new Date("2026-11-26T23:30:00Z");
const use = (day: string, key: string, spent: number, refunded = 0) => ({
  day,
  key,
  spent,
  refunded,
  jobs: 1,
});

test("the range asks for whole UTC days, today with it", () => {
  expect(usagePath("project", 7, NOW)).toBe(
    "/v1/credits/usage?by=project&from=2026-11-20T00%3A00%3A00Z&to=2026-11-27T00%3A00%3A00Z",
  );
});

test("each day is there, also those without spending; series come by what they spent", () => {
  const stack = stackOf(
    [
      use("2026-11-26", "a", 300),
      use("2026-11-26", "b", 500, 100),
      use("2026-11-24", "a", 1),
      use("2026-01-01", "a", 9e9),
    ],
    7,
    NOW,
  );
  expect(stack.days).toHaveLength(7);
  expect(stack.series).toEqual([
    { key: "b", spent: 500, jobs: 1 },
    { key: "a", spent: 301, jobs: 2 },
  ]);
  expect(stack).toMatchObject({ spent: 801, refunded: 100, jobs: 3 });
  expect(stack.days.at(-1)).toEqual({
    day: "2026-11-26",
    spent: 800,
    refunded: 100,
    jobs: 2,
    parts: [
      { key: "b", spent: 500 },
      { key: "a", spent: 300 },
    ],
  });
  expect(stack.days[0]).toMatchObject({ day: "2026-11-20", spent: 0, parts: [] });
});

test("more models than colours: the smallest are shown together, and nothing is lost", () => {
  const usage = Array.from({ length: 9 }, (_, index) => use("2026-11-26", `m${index}`, 100 - index));
  const stack = stackOf(usage, 7, NOW);
  expect(stack.series).toHaveLength(SERIES_MAX);
  expect(stack.series.at(-1)).toEqual({ key: OTHERS, spent: 95 + 94 + 93 + 92, jobs: 4 });
  const parts = stack.days.at(-1)?.parts ?? [];
  expect(parts.reduce((total, { spent }) => total + spent, 0)).toBe(stack.spent);
});

test.each([
  [0, [0]],
  [3, [0, 1, 2, 3]],
  [45_000, [0, 20_000, 40_000, 60_000]],
  [1000, [0, 500, 1000]],
])("the axis up to %i has few round marks", (highest, marks) => {
  expect(ticksOf(highest)).toEqual(marks);
});

test("a bar says its figures", () => {
  const [day] = stackOf([use("2026-11-26", "a", 1500, 200)], 7, NOW).days.slice(-1);
  expect(day && dayText(day, (key) => key)).toBe(
    "Thursday, 26 November 2026: 1.500 credits in 1 job, 0.200 refunded (a 1.500)",
  );
});
