/** Server-sent events by `fetch` (the key travels in a header), resumed by position, reconnected with backoff. */
import { createParser } from "eventsource-parser";
import type { Frame } from "../state/model.ts";

export type Connection = "connecting" | "live" | "catching_up" | "offline";

export interface StreamOptions {
  path: string;
  headers: Record<string, string>;
  /** Position to resume from; what was seen later is kept by the stream itself. */
  position?: string | undefined;
  onFrame: (frame: Frame, position: string | undefined) => void;
  onConnection: (connection: Connection) => void;
  /** Called once a connection stands, before its frames. */
  onOpen: () => void;
  /** The session was made a moment ago: not every part of the platform may know it yet, so 404 is tried again. */
  mayBeNew?: boolean;
  /** A key that is refused will not be accepted by trying again. */
  onRefused: (status: number) => void;
  fetch?: typeof fetch;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
/** The platform sends a comment every 15 s; three missed ones mean that the connection is dead. */
const SILENCE_MAX_MS = 45_000;

const REFUSALS = new Set([401, 403, 404]);

/** Jitter keeps the pages of a whole office from coming back in step. */
export function backoffMs(failures: number, random = Math.random()): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** Runs until the signal is aborted or the platform refuses the key. */
export async function follow(options: StreamOptions, signal: AbortSignal): Promise<void> {
  const wait = options.wait ?? sleep;
  let position = options.position;
  let failures = 0;
  options.onConnection("connecting");
  while (!signal.aborted) {
    const outcome = await connectOnce(options, position, signal, (seen) => {
      position = seen ?? position;
      failures = 0;
    });
    if (signal.aborted) return;
    if (outcome === "refused") return;
    failures += 1;
    options.onConnection("offline");
    await wait(backoffMs(failures), signal);
    if (!signal.aborted) options.onConnection("catching_up");
  }
}

async function connectOnce(
  options: StreamOptions,
  position: string | undefined,
  signal: AbortSignal,
  seen: (position: string | undefined) => void,
): Promise<"lost" | "refused"> {
  const silence = new AbortController();
  const either = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
  try {
    const answer = await (options.fetch ?? fetch)(options.path, {
      headers: {
        ...options.headers,
        Accept: "text/event-stream",
        ...(position ? { "Last-Event-ID": position } : {}),
      },
      cache: "no-store",
      signal: either,
    });
    if (REFUSALS.has(answer.status) && !(answer.status === 404 && options.mayBeNew)) {
      options.onRefused(answer.status);
      return "refused";
    }
    if (!answer.ok || !answer.body) return "lost";
    options.onOpen();
    options.onConnection("live");
    await readFrames(
      answer.body,
      either,
      (frame, at) => {
        seen(at);
        options.onFrame(frame, at);
      },
      () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
      },
    );
    return "lost";
  } catch {
    // A broken connection is what this loop is for: it is shown as "offline" and tried again.
    return "lost";
  } finally {
    clearTimeout(timer);
  }
}

export async function readFrames(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onFrame: (frame: Frame, position: string | undefined) => void,
  onBytes: () => void,
): Promise<void> {
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      const read = parseJson(data);
      if (read !== undefined) onFrame({ event: event ?? "message", data: read, at: Date.now() }, id);
    },
  });
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  const stop = () => void reader.cancel();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      parser.feed(value);
    }
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
