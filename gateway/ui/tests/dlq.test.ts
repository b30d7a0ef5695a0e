import { describe, expect, it } from "vitest";
import { AT_ONCE, actOnMany, isDecided, type Outcomes, type Post, readOutcomes } from "../src/dlq/many.ts";
import { readDead } from "../src/dlq/wire.ts";

const JOB = {
  job_id: "job_1",
  model: "runway/gen4.5",
  reserved: 60000,
  ended_at: "2026-03-01T12:00:00Z",
  error: { category: "outage", detail: "Load is being shed." },
  attempts: [
    { provider: "runway", model: "runway/gen4.5", category: "outage", error: "Load is being shed." },
  ],
};

describe("dead letters", () => {
  it("are read with every attempt", () => {
    const { jobs } = readDead({ items: [JOB], next_cursor: "c" });
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({ job_id: "job_1", category: "outage", reserved: 60000 });
    expect(jobs[0]?.attempts[0]).toMatchObject({ provider: "runway", error: "Load is being shed." });
  });

  it("without an id are none, and unknown members do no harm", () => {
    expect(readDead({ items: [{}, null, 3, { job_id: "job_2", attempts: "?" }] }).jobs).toMatchObject([
      { job_id: "job_2", category: "unknown", attempts: [] },
    ]);
  });
});

describe("many dead letters", () => {
  it("go in requests of a few, and each is told of", async () => {
    const ids = Array.from({ length: AT_ONCE + 1 }, (_, n) => `job_${n}`);
    const asked: unknown[] = [];
    const post: Post = async (path, body) => {
      asked.push([path, body]);
      const sent = body.job_ids as string[];
      return { items: sent.map((job_id) => ({ job_id, status: "replayed", replayed_as: `${job_id}x` })) };
    };
    const told: Outcomes[] = [];
    await actOnMany(post, "replay", ids, (outcomes) => told.push(outcomes));
    expect(asked).toEqual([
      ["/v1/dlq/replay", { job_ids: ids.slice(0, AT_ONCE) }],
      ["/v1/dlq/replay", { job_ids: ids.slice(AT_ONCE) }],
    ]);
    expect(told.map((one) => Object.keys(one).length)).toEqual([AT_ONCE, 1]);
    expect(told[1]).toEqual({ [`job_${AT_ONCE}`]: { kind: "replayed", as: `job_${AT_ONCE}x` } });
  });

  it("keep what was done when a request fails", async () => {
    const ids = Array.from({ length: AT_ONCE * 2 }, (_, n) => `job_${n}`);
    let calls = 0;
    const post: Post = async (_path, body) => {
      calls += 1;
      if (calls > 1) throw new Error("gone");
      return { items: (body.job_ids as string[]).map((job_id) => ({ job_id, status: "discarded" })) };
    };
    const told: Outcomes[] = [];
    await expect(actOnMany(post, "discard", ids, (outcomes) => told.push(outcomes))).rejects.toThrow("gone");
    expect(told).toHaveLength(1);
  });

  it("say why one is refused, and leave it waiting", () => {
    const problem = {
      type: "/problems/illegal-state",
      title: "Not possible",
      status: 409,
      detail: "It lives.",
    };
    const outcomes = readOutcomes({ items: [{ job_id: "job_1", status: "refused", problem }, null, {}] });
    expect(outcomes).toEqual({
      job_1: { kind: "refused", trouble: { title: "Not possible", detail: "It lives." } },
    });
    expect(isDecided(outcomes.job_1)).toBe(false);
    expect(isDecided({ kind: "discarded" })).toBe(true);
  });
});
