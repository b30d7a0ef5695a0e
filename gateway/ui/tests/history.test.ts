import { expect, test } from "vitest";
import { emptyHistory, type History, reduceHistory } from "../src/credits/history.ts";
import { EVERYTHING, isNarrowed, ledgerPath, statementPath } from "../src/credits/query.ts";
import { readLedger } from "../src/credits/wire.ts";

const PATH = ledgerPath(EVERYTHING);
const page = (seqs: number[], next_cursor?: string) =>
  readLedger({
    items: seqs.map((seq) => ({ entry_id: `ent_${seq}`, seq, kind: "grant", at: "", postings: [] })),
    balances: { available: seqs[0] },
    ...(next_cursor ? { next_cursor } : {}),
  });
const seqs = ({ lines }: History) => lines.map(({ entry }) => entry.seq);

const asked = reduceHistory(emptyHistory, { type: "asked", path: PATH });
const first = reduceHistory(asked, { type: "first", path: PATH, page: page([9, 8, 7], "7") });

test("the question carries only what narrows it", () => {
  expect(PATH).toBe("/v1/credits/ledger?limit=50&expand=cause");
  expect(ledgerPath({ ...EVERYTHING, q: " mug ", as_of: "2026-11-26T00:00:00.000Z" }, "c 1")).toBe(
    "/v1/credits/ledger?limit=50&expand=cause&q=mug&as_of=2026-11-26T00%3A00%3A00.000Z&cursor=c+1",
  );
  expect(isNarrowed({ ...EVERYTHING, as_of: "2026" })).toBe(false);
  expect(isNarrowed({ ...EVERYTHING, kind: "refund" })).toBe(true);
  expect(statementPath("a", "b", "csv")).toBe("/v1/credits/statement?from=a&to=b&format=csv");
});

test("older lines come below, and the last page ends the list", () => {
  const asking = reduceHistory(first, { type: "asking", path: PATH });
  expect(asking).toMatchObject({ asking: true, loaded: true });
  const all = reduceHistory(asking, { type: "older", path: PATH, page: page([6, 5]) });
  expect(seqs(all)).toEqual([9, 8, 7, 6, 5]);
  expect(all.cursor).toBeUndefined();
  expect(all.balances?.available).toBe(9);
});

test("new lines come on top once each, and older pages can still be asked for", () => {
  const newer = reduceHistory(first, { type: "newer", path: PATH, page: page([11, 10, 9], "9") });
  expect(seqs(newer)).toEqual([11, 10, 9, 8, 7]);
  expect(newer.cursor).toBe("7");
  expect(newer.balances?.available).toBe(11);
});

test("a newest page that does not reach what is shown takes its place: no gap is hidden", () => {
  const newer = reduceHistory(first, { type: "newer", path: PATH, page: page([99, 98], "98") });
  expect(seqs(newer)).toEqual([99, 98]);
  expect(newer.cursor).toBe("98");
});

test("an answer to an older question is dropped", () => {
  const other = ledgerPath({ ...EVERYTHING, q: "mug" });
  const moved = reduceHistory(first, { type: "asked", path: other });
  expect(seqs(moved)).toEqual([]);
  expect(reduceHistory(moved, { type: "older", path: PATH, page: page([6]) })).toBe(moved);
});

test("a failure keeps the lines, and asking again takes it away", () => {
  const failed = reduceHistory(first, { type: "failed", path: PATH, error: new Error("no") });
  expect(seqs(failed)).toEqual([9, 8, 7]);
  expect(failed.error).toBeInstanceOf(Error);
  expect("error" in reduceHistory(failed, { type: "asking", path: PATH })).toBe(false);
});
