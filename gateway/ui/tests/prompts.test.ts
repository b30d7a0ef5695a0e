import { describe, expect, it } from "vitest";
import { changes, diff, folded, type Line } from "../src/prompts/diff.ts";
import { shares } from "../src/prompts/weights.ts";
import { readMetrics, readPrompts } from "../src/prompts/wire.ts";
import { nameOf, percent, verdictText } from "../src/prompts/words.ts";

const side = (lines: Line[], without: Line["kind"]) =>
  lines
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join("\n");

describe("the difference of two texts", () => {
  it("keeps what is the same and names the rest", () => {
    const lines = diff("a\nb\nc\nd", "a\nc\nx\nd");
    expect(lines.map(({ kind, text }) => `${kind[0]}${text}`)).toEqual(["sa", "rb", "sc", "ax", "sd"]);
    expect(changes(lines)).toEqual({ added: 1, removed: 1 });
  });

  it("gives both texts back, whatever they are", () => {
    const words = ["", "a", "b", "a", "c", "", "b"];
    for (let seed = 1; seed < 300; seed += 1) {
      const pick = (salt: number) =>
        Array.from({ length: (seed * salt) % 9 }, (_, n) => words[(seed * salt + n * n * salt) % 7]).join(
          "\n",
        );
      const [before, after] = [pick(7), pick(11)];
      const lines = diff(before, after);
      expect(side(lines, "added")).toBe(before);
      expect(side(lines, "removed")).toBe(after);
    }
  });

  it("of one text with itself is nothing, and long unchanged runs are folded", () => {
    const long = Array.from({ length: 40 }, (_, n) => `line ${n}`).join("\n");
    expect(changes(diff(long, long))).toEqual({ added: 0, removed: 0 });
    const shown = folded(diff(long, long.replace("line 20", "changed")));
    expect(shown[0]).toEqual({ kind: "skipped", count: 17 });
    expect(shown.filter(({ kind }) => kind !== "skipped")).toHaveLength(8);
  });
});

describe("prompts of the interface", () => {
  it("are read leniently", () => {
    const [one, ...others] = readPrompts({
      items: [{ agent: "planner", variant: "brief", owner: "org_1", editable: true, share: 0.3 }, {}, 3],
    });
    expect(others).toEqual([]);
    expect(one).toMatchObject({ agent: "planner", weight: 0, share: 0.3, editable: true, publishable: true });
  });

  it("say of which agents only the platform publishes", () => {
    const items = [{ agent: "writer", variant: "default", owner: "platform", publishable: false }];
    expect(readPrompts({ items })[0]).toMatchObject({ publishable: false });
  });

  it("have figures that tell plans which ran without asking from those that a person accepted", () => {
    const items = [{ agent: "planner", variant: "brief", plans: 9, accepted: 2, auto: 5 }];
    expect(readMetrics({ items }).items[0]).toMatchObject({ plans: 9, accepted: 2, auto: 5 });
  });

  it("have shares of their weights", () => {
    expect(shares({ a: 30, b: 70, c: 0 })).toEqual({ a: 0.3, b: 0.7, c: 0 });
    expect(shares({ a: 0 })).toEqual({ a: 0 });
  });
});

describe("a comparison in words", () => {
  const read = (members: object) =>
    readMetrics({
      comparisons: [
        {
          agent: "planner",
          measure: "acceptance_rate",
          a: { variant: "default", owner: "platform" },
          b: { variant: "brief", owner: "org_1" },
          n_a: 100,
          n_b: 90,
          ...members,
        },
      ],
    }).comparisons[0];
  const said = (members: object) => {
    const found = read(members);
    return found ? verdictText(found) : undefined;
  };

  it("names the better one, by what test and how sure", () => {
    const found = {
      value_a: 0.4,
      value_b: 0.8,
      verdict: "different",
      method: "two-proportion-z",
      p_value: 0.004,
    };
    expect(said(found)).toBe("brief is better (p = 0.004, two-proportion z-test)");
    expect(said({ ...found, measure: "error_rate", p_value: 1e-9 })).toBe(
      "default (platform) is better (p < 0.001, two-proportion z-test)",
    );
  });

  it("tells the figure among all compared from that of this one alone", () => {
    const found = { value_a: 0.4, value_b: 0.8, method: "two-proportion-z", p_value: 0.04, p_adjusted: 0.12 };
    expect(said({ ...found, verdict: "no difference shown" })).toBe(
      "No difference shown (p = 0.12 among all compared, p = 0.04 alone, two-proportion z-test)",
    );
  });

  it("says where nothing can be said", () => {
    expect(said({ verdict: "no difference shown", method: "fisher-exact", p_value: 0.31 })).toBe(
      "No difference shown (p = 0.31, Fisher's exact test)",
    );
    expect(said({ verdict: "too few to tell", needs: 20 })).toBe("Too few to tell: needs 20 of each");
  });

  it("has no figure where nothing is known", () => {
    expect(percent(undefined)).toBe("–");
    expect(percent(0.0345)).toBe("3.5 %");
    expect(nameOf({ variant: "default", owner: undefined })).toBe("default (shipped)");
  });
});
