import { expect, test } from "vitest";
import { inReadingOrder, layout, links, NODE_WIDTH } from "../src/canvas/layout.ts";

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
