import { describe, expect, it } from "vitest";
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
