import { expect, test } from "vitest";
import { exact, MINUS, signed, sum } from "../src/kit/money.ts";

test.each([
  [0, "0.000"],
  [1, "0.001"],
  [999, "0.999"],
  [1000, "1.000"],
  [1_234_500, "1,234.500"],
  [-300, `${MINUS}0.300`],
  [Number.MAX_SAFE_INTEGER, "9,007,199,254,740.991"],
])("%i millicredits are shown to the thousandth", (millicredits, shown) => {
  expect(exact(millicredits)).toBe(shown);
});

test("a movement has its sign", () => {
  expect([1200, -300, 0].map(signed)).toEqual(["+1.200", `${MINUS}0.300`, "0.000"]);
});

test("sums stay whole where floats of credits would not", () => {
  expect(exact(sum([100, 200]))).toBe("0.300");
});
