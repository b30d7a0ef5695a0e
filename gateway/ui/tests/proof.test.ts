import { expect, test } from "vitest";
import { Books } from "../dev/books.ts";
import { canonical } from "../src/credits/canonical.ts";
import type { Chain, Entry } from "../src/credits/model.ts";
import { checkSignature, prove } from "../src/credits/proof.ts";
import { readChain, readKeys, readLedger } from "../src/credits/wire.ts";

const books = new Books(new Date("2026-11-26T12:00:00Z"));
const page = readLedger({
  items: books.lines.map(({ entry, balances }) => ({
    ...entry,
    balances,
    cause: { model: "local/picture" },
  })),
});
const entries = page.lines.map(({ entry }) => entry);
const chain: Chain = readChain({
  entries: entries.length,
  head: entries.at(-1)?.hash,
  checkpoint: books.checkpoint(),
});
const keys = readKeys({ items: [{ key_id: "key_2026a", public_key: books.publicKey() }] });

/** The books with one entry changed as somebody might change it. */
const changed = (seq: number, change: (entry: Entry) => Entry): Entry[] =>
  entries.map((entry) => (entry.seq === seq ? change(entry) : entry));

const rewritten = (members: Record<string, unknown>) => (entry: Entry) => ({
  ...entry,
  ...members,
  raw: { ...entry.raw, ...members },
});

test("names are sorted by code unit, spaces are none, numbers and words are as JSON has them", () => {
  expect(canonical({ b: [1, "é\n"], a: { "\u{1f600}": true, ﬀ: null }, A: 10 })).toBe(
    '{"A":10,"a":{"\u{1f600}":true,"ﬀ":null},"b":[1,"é\\n"]}',
  );
});

/** Its hash was made by the platform's own code, not by this page's. */
const PLATFORMS_OWN = {
  org_id: "org_01J",
  seq: 3,
  entry_id: "ent_01J",
  kind: "capture",
  job_id: "job_01J",
  reason: "job_done",
  at: "2026-11-26T06:39:00.123456+00:00",
  postings: [
    { account: "reserved:job_01J", amount: -9007199254740991 },
    { account: "spent", amount: 9007199254740990 },
    { account: "available", amount: 1 },
  ],
  prev_hash: "ab".repeat(32),
  hash: "9a8bf923eeaf8890faade3982dde0b0c6c3023814e55549feab0b17f9e5572d8",
};

test("an entry that the platform wrote gives the hash that stands in it", async () => {
  const [line] = readLedger({ items: [PLATFORMS_OWN] }).lines;
  expect(line && (await prove([line.entry], undefined))).toEqual({ checked: 1, faults: {} });
});

test("books that nobody touched hold, with what the page lays beside each line", async () => {
  expect(entries.length).toBeGreaterThan(300);
  expect(await prove(entries, chain)).toEqual({ checked: entries.length, faults: {} });
});

test.each([
  ["an amount", { postings: [{ account: "spent", amount: 0 }] }],
  ["a reason", { reason: "other" }],
  ["a time", { at: "2026-11-01T00:00:00Z" }],
])("%s that was changed is found", async (_, members) => {
  const { faults } = await prove(changed(40, rewritten(members)), chain);
  expect(faults).toEqual({ ent_00040: "hash" });
});

test("a line that was taken out is found by the next one, where both neighbours are shown", async () => {
  const renumbered = entries
    .filter(({ seq }) => seq !== 40)
    .map((entry) => (entry.seq === 41 ? { ...entry, seq: 40 } : entry));
  expect((await prove(renumbered, chain)).faults).toEqual({ ent_00041: "link" });
});

test("a gap that a filter makes is no fault", async () => {
  const shown = entries.filter(({ kind }) => kind === "capture");
  expect((await prove(shown, chain)).faults).toEqual({});
});

test("a line whose hash is not the signed one is found", async () => {
  const signed = entries.find(({ seq }) => seq === chain.checkpoint?.seq);
  const other: Chain = { ...chain, checkpoint: { ...checkpointOf(chain), hash: "f".repeat(64) } };
  expect((await prove(entries, other)).faults).toEqual({ [signed?.entry_id ?? ""]: "signed" });
});

test("a checkpoint's signature is good only as it was signed, by the key that it names", async () => {
  const checkpoint = checkpointOf(chain);
  expect(await checkSignature(checkpoint, keys)).toBe("good");
  const moved = { ...checkpoint, raw: { ...checkpoint.raw, seq: checkpoint.seq + 1 } };
  expect(await checkSignature(moved, keys)).toBe("bad");
  expect(await checkSignature({ ...checkpoint, signature: "no base64!" }, keys)).toBe("bad");
  expect(await checkSignature(checkpoint, [])).toBe("unknown-key");
  const other = new Books(new Date("2026-11-26T12:00:00Z")).publicKey();
  expect(await checkSignature(checkpoint, [{ key_id: "key_2026a", public_key: other }])).toBe("bad");
});

function checkpointOf({ checkpoint }: Chain) {
  if (!checkpoint) throw new Error("the books have no checkpoint");
  return checkpoint;
}
