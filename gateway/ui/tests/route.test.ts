import { expect, test } from "vitest";
import { hashOf, type Route, routeOf } from "../src/route.ts";

test.each<[string, Route]>([
  ["", { view: "canvas" }],
  ["#code=abc", { view: "canvas" }],
  ["#/credits", { view: "credits" }],
  ["#/credits/ent_01J", { view: "credits", entry: "ent_01J" }],
  ["#/step/stp_X.1.s1", { view: "canvas", step: "stp_X.1.s1" }],
  ["#/credits/%E0%A4%A", { view: "credits", entry: "%E0%A4%A" }],
])("the address %s shows %o", (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});

test("what is shown can be addressed", () => {
  const routes: Route[] = [
    { view: "canvas" },
    { view: "credits" },
    { view: "credits", entry: "ent/1" },
    { view: "canvas", step: "stp_X.1.s1" },
  ];
  for (const route of routes) expect(routeOf(hashOf(route))).toEqual(route);
});
