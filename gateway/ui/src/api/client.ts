/** The platform's HTTP interface, and its problems (RFC 9457) as words for people. */
import { isObject, type Json, list, text } from "./wire.ts";

export interface FieldProblem {
  pointer: string;
  detail: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly slug: string;
  readonly title: string;
  readonly detail: string;
  readonly fields: FieldProblem[];
  readonly body: Json;

  constructor(status: number, body: Json) {
    const title = text(body.title) ?? (status === 0 ? "The platform cannot be reached" : `Error ${status}`);
    super(title);
    this.status = status;
    this.slug = (text(body.type) ?? "").split("/").at(-1) ?? "";
    this.title = title;
    this.detail = text(body.detail) ?? "";
    this.fields = list(body.errors)
      .filter(isObject)
      .map((field) => ({ pointer: text(field.pointer) ?? "", detail: text(field.detail) ?? "" }));
    this.body = body;
  }
}

const TRIES_MAX = 3;
const TIMEOUT_MS = 30_000;
const UPLOAD_TIMEOUT_MS = 300_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

/** Works in pages served without TLS too, where `crypto.randomUUID` is missing. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Client {
  constructor(
    readonly apiKey: string,
    /** A key that is refused once is refused everywhere: the page asks for another. */
    readonly onKeyRefused: () => void,
  ) {}

  get = (path: string): Promise<Json> => this.#ask("GET", path, this.headers());

  /** A key of its own makes the repeat after a lost answer harmless: the first one's id comes back. */
  post = async (path: string, body: Json = {}): Promise<Json> => {
    const headers = { ...this.headers(), "Content-Type": "application/json", "Idempotency-Key": newKey() };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#ask("POST", path, headers, JSON.stringify(body));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (attempt > 1 && error.slug === "idempotency-replay") return error.body;
        if (error.status !== 0 || attempt === TRIES_MAX) throw error;
      }
    }
  };

  /** What a put says is the same however often it arrives: it is repeated where its answer is lost. */
  put = async (path: string, body: Json): Promise<Json> => {
    const headers = { ...this.headers(), "Content-Type": "application/json" };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#ask("PUT", path, headers, JSON.stringify(body));
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 0 || attempt === TRIES_MAX) throw error;
      }
    }
  };

  /** Of what is replaced; a repeat does no harm. */
  patch = (path: string, body: Json): Promise<Json> =>
    this.#ask("PATCH", path, { ...this.headers(), "Content-Type": "application/json" }, JSON.stringify(body));

  upload = (path: string, file: File): Promise<Json> => {
    const form = new FormData();
    form.append("file", file);
    return this.#ask("POST", path, this.headers(), form, UPLOAD_TIMEOUT_MS);
  };

  /** A file as it is, not read as JSON. */
  download = async (path: string): Promise<Blob> => {
    const answer = await this.#guarded(() =>
      send("GET", path, this.headers(), undefined, DOWNLOAD_TIMEOUT_MS),
    );
    return answer.blob();
  };

  headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.apiKey}` };
  }

  #ask = (...order: Parameters<typeof request>): Promise<Json> => this.#guarded(() => request(...order));

  #guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.onKeyRefused();
      throw error;
    }
  };
}

export async function tradeCode(code: string): Promise<string> {
  const headers = { "Content-Type": "application/json" };
  const answer = await request("POST", "/v1/page-login", headers, JSON.stringify({ code }));
  const key = text(answer.api_key);
  if (!key) throw new Problem(200, { title: "The platform gave no key for this address" });
  return key;
}

async function request(...order: Parameters<typeof send>): Promise<Json> {
  return contentOf(await send(...order));
}

/** The answer of a call that was granted; anything else is a problem. */
async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: BodyInit,
  timeout_ms = TIMEOUT_MS,
): Promise<Response> {
  let answer: Response;
  try {
    const signal = AbortSignal.timeout(timeout_ms);
    answer = await fetch(path, { method, headers, signal, ...(body === undefined ? {} : { body }) });
  } catch (cause) {
    const timed_out = cause instanceof DOMException && cause.name === "TimeoutError";
    const detail = timed_out
      ? "It did not answer in time."
      : "Check that it is running and that you are online.";
    throw new Problem(0, { title: "The platform cannot be reached", detail });
  }
  if (!answer.ok) throw new Problem(answer.status, await contentOf(answer));
  return answer;
}

async function contentOf(answer: Response): Promise<Json> {
  const read = await answer.json().catch(() => undefined);
  return isObject(read) ? read : Array.isArray(read) ? { items: read } : {};
}
