import { expect, test } from "vitest";
import { inReadingOrder, layout, links } from "../src/canvas/layout.ts";
import { type Direction, NODE_HEIGHT, NODE_WIDTH, type Place } from "../src/canvas/sizes.ts";

const steps = [
  { key: "voice", depends_on: ["film"] },
  { key: "film", depends_on: ["image"] },
  { key: "image", depends_on: [] },
  { key: "poster", depends_on: ["image"] },
];

test("what depends on a step stands to its right, and nothing overlaps", () => {
  const places = layout(steps);
  for (const [from, to] of links(steps)) {
    expect(places[to]?.x).toBeGreaterThanOrEqual((places[from]?.x ?? 0) + NODE_WIDTH);
  }
  expect(places.film?.x).toBe(places.poster?.x);
  expect(places.film?.y).not.toBe(places.poster?.y);
});

test("in a narrow window it stands below", () => {
  const places = layout(steps, "TB");
  expect(places.film?.y).toBeGreaterThan(places.image?.y ?? 0);
});

test("a keyboard meets steps in the order of their dependencies", () => {
  expect(inReadingOrder(steps).map((step) => step.key)).toEqual(["image", "film", "poster", "voice"]);
});

test("a link to a step that is not written yet, or to itself, is left out", () => {
  expect(links([{ key: "a", depends_on: ["later", "a"] }])).toEqual([]);
});

test("a cycle in a draft neither hangs nor loses a step", () => {
  const cycle = [
    { key: "a", depends_on: ["b"] },
    { key: "b", depends_on: ["a"] },
  ];
  expect(inReadingOrder(cycle).map((step) => step.key)).toEqual(["a", "b"]);
  expect(Object.keys(layout(cycle))).toEqual(["a", "b"]);
});

const hundred = (depends_on: (at: number) => string[]) =>
  Array.from({ length: 100 }, (_, at) => ({ key: `s${at}`, depends_on: depends_on(at) }));

const PLANS = {
  "in parallel": hundred(() => []),
  "in a chain": hundred((at) => (at === 0 ? [] : [`s${at - 1}`])),
  "from one": hundred((at) => (at === 0 ? [] : ["s0"])),
  "into one": hundred((at) => (at === 99 ? Array.from({ length: 99 }, (_, one) => `s${one}`) : [])),
  "in pairs": hundred((at) => (at < 2 ? [] : [`s${at - 2}`])),
};

function spread(places: Place[]): { width: number; height: number } {
  const xs = places.map(({ x }) => x);
  const ys = places.map(({ y }) => y);
  return {
    width: Math.max(...xs) - Math.min(...xs) + NODE_WIDTH,
    height: Math.max(...ys) - Math.min(...ys) + NODE_HEIGHT,
  };
}

const overlaps = (one: Place, other: Place): boolean =>
  Math.abs(one.x - other.x) < NODE_WIDTH && Math.abs(one.y - other.y) < NODE_HEIGHT;

const WAYS = Object.entries(PLANS).flatMap(([name, plan]) =>
  (["LR", "TB"] as Direction[]).map((direction) => ({ name, plan, direction })),
);

test.each(WAYS)("a hundred steps $name fill a window, $direction", ({ plan, direction }) => {
  const places = layout(plan, direction);
  const all = Object.values(places);
  expect(all).toHaveLength(100);
  expect(all.some((one, at) => all.slice(at + 1).some((other) => overlaps(one, other)))).toBe(false);
  const { width, height } = spread(all);
  const shape = direction === "LR" ? width / height : height / width;
  expect(shape).toBeGreaterThan(0.8);
  expect(shape).toBeLessThan(2.6);
});

test.each(WAYS)(
  "of a hundred steps $name none stands before what it waits for, $direction",
  ({ plan, direction }) => {
    const places = layout(plan, direction);
    const order = ({ x, y }: Place): [row: number, along: number] => {
      const [along, across] = direction === "LR" ? [x, y] : [y, x];
      return [across, along];
    };
    const node = direction === "LR" ? NODE_HEIGHT : NODE_WIDTH;
    for (const [from, to] of links(plan)) {
      const [row, along] = order(places[from] as Place);
      const [next_row, next] = order(places[to] as Place);
      expect(next > along || next_row >= row + node).toBe(true);
    }
  },
);
