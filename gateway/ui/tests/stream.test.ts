import { describe, expect, test } from "vitest";
import { backoffMs, type Connection, follow, type StreamOptions } from "../src/api/stream.ts";

const encoder = new TextEncoder();

/** A body that arrives in the given pieces and then ends, as a lost connection does. */
function body(...pieces: string[]): Response {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      controller.close();
    },
  });
  return new Response(stream, { headers: { "Content-Type": "text/event-stream" } });
}

interface Heard {
  frames: [event: string, data: unknown, position: string | undefined][];
  connections: Connection[];
  resumed_from: (string | null)[];
  refused: number[];
}

/** Answers one connection after the other, and leaves when there is none left. */
async function listen(answers: (Response | Error)[], position?: string, mayBeNew = false): Promise<Heard> {
  const heard: Heard = { frames: [], connections: [], resumed_from: [], refused: [] };
  const leaving = new AbortController();
  const options: StreamOptions = {
    path: "/v1/sessions/ses_1/stream",
    headers: { Authorization: "Bearer key" },
    position,
    mayBeNew,
    onFrame: (frame, at) => heard.frames.push([frame.event, frame.data, at]),
    onConnection: (connection) => heard.connections.push(connection),
    onOpen: () => undefined,
    onRefused: (status) => heard.refused.push(status),
    fetch: (_, init) => {
      heard.resumed_from.push(new Headers(init?.headers).get("Last-Event-ID"));
      const answer = answers.shift();
      return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer);
    },
    wait: () => {
      if (answers.length === 0) leaving.abort();
      return Promise.resolve();
    },
  };
  await follow(options, leaving.signal);
  return heard;
}

describe("reading", () => {
  test("frames are whole however the bytes are cut", async () => {
    const heard = await listen([
      body("id: p1\nevent: step.st", "arted\nda", 'ta: {"step_id":"a"}\n', "\n: ping\n\n"),
    ]);
    expect(heard.frames).toEqual([["step.started", { step_id: "a" }, "p1"]]);
  });

  test("a frame that is no JSON is passed by", async () => {
    const heard = await listen([body("event: a\ndata: {oops\n\nevent: b\ndata: {}\n\n")]);
    expect(heard.frames.map(([event]) => event)).toEqual(["b"]);
  });
});

describe("reconnecting", () => {
  test("resumes from the last position that was seen", async () => {
    const heard = await listen([body("id: p7\nevent: a\ndata: {}\n\nevent: b\ndata: {}\n\n"), body()]);
    expect(heard.resumed_from).toEqual([null, "p7"]);
    expect(heard.connections).toEqual(["connecting", "live", "offline", "catching_up", "live", "offline"]);
  });

  test("begins at the position that it is given, and outlives a broken network", async () => {
    const heard = await listen([new Error("network down"), body()], "p3");
    expect(heard.resumed_from).toEqual(["p3", "p3"]);
  });

  test("a server that is starting is tried again, a refused key is not", async () => {
    const heard = await listen([
      new Response("", { status: 503 }),
      new Response("", { status: 401 }),
      body(),
    ]);
    expect(heard.refused).toEqual([401]);
    expect(heard.resumed_from).toHaveLength(2);
  });
});

test("a session that was made a moment ago may be unknown for a moment", async () => {
  const heard = await listen([new Response("", { status: 404 }), body()], undefined, true);
  expect(heard.refused).toEqual([]);
  expect(heard.connections).toContain("live");
  expect((await listen([new Response("", { status: 404 }), body()])).refused).toEqual([404]);
});

test("the backoff grows, is bounded, and never hammers", () => {
  expect([1, 2, 3, 4].map((failures) => backoffMs(failures, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(backoffMs(50, 1)).toBe(15_000);
  expect(backoffMs(1, 0)).toBe(250);
});
