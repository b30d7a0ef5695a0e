/** A stand-in for the platform while the page is being developed: answers from the recording. Never shipped. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import { emptyState, type State } from "../src/state/model.ts";
import { reduce } from "../src/state/reduce.ts";
import * as ask from "./books-routes.ts";
import { picture, sound } from "./files.ts";
import * as prompts from "./prompts.ts";
import { PLAN, planned, type Recorded, ran, ranIntoTrouble, SESSION } from "./recording.ts";

interface Sent {
  position: number;
  frame: Recorded;
}

/** What the mock remembers of its one session: the frames it sent, and the page's own state folded from them. */
class Mock {
  readonly #sent: Sent[] = [];
  readonly #listeners = new Set<ServerResponse>();
  state: State;
  text = "";

  constructor(credits: State["credits"]) {
    this.state = reduce({ ...emptyState, credits }, { type: "opened", session_id: SESSION, fresh: true });
  }

  send(frame: Recorded): void {
    const sent = { position: this.#sent.length + 1, frame };
    this.#sent.push(sent);
    this.state = reduce(this.state, { type: "frame", frame: { ...frame, at: Date.now() } });
    for (const listener of this.#listeners) write(listener, sent);
  }

  async play(frames: Recorded[]): Promise<void> {
    for (const frame of frames) {
      await new Promise((resolve) => setTimeout(resolve, frame.after));
      this.send(frame);
    }
  }

  listen(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    const from = Number(request.headers["last-event-id"] ?? 0);
    for (const sent of this.#sent.filter(({ position }) => position > from)) write(response, sent);
    this.#listeners.add(response);
    request.on("close", () => this.#listeners.delete(response));
  }
}

function write(response: ServerResponse, { position, frame }: Sent): void {
  response.write(`id: ${position}\nevent: ${frame.event}\ndata: ${JSON.stringify(frame.data)}\n\n`);
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const read = Buffer.concat(parts).toString();
  return read.startsWith("{") ? (JSON.parse(read) as Record<string, unknown>) : {};
}

async function say(mock: Mock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  mock.text = String(body.text);
  if (mock.text.includes("broke")) {
    json(
      response,
      {
        type: "/problems/insufficient-credit",
        title: "Not enough credits",
        asked: 25500,
        available: 4000,
      },
      402,
    );
    return;
  }
  mock.send({
    after: 0,
    event: "message.posted",
    data: { message_id: "msg_1", role: "user", text: body.text, upload_ids: body.upload_ids },
  });
  json(response, { message_id: "msg_1" }, 202);
  await mock.play(planned);
  if (body.approval === "auto") await mock.play(ran);
}

function session(mock: Mock): Record<string, unknown> {
  const { messages, plans } = mock.state;
  return {
    session_id: SESSION,
    title: "",
    messages: Object.values(messages),
    plans: Object.values(plans),
    uploads: [],
  };
}

const queryOf = (request: IncomingMessage): URLSearchParams =>
  new URL(request.url ?? "", "http://mock").searchParams;

type Route = (mock: Mock, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const ROUTES: [method: string, path: RegExp, route: Route][] = [
  [
    "POST",
    /^\/v1\/page-login$/,
    (_, __, response) => json(response, { api_key: "key_demo", org_id: "org_demo" }),
  ],
  [
    "GET",
    /^\/v1\/about$/,
    (_, __, response) => json(response, { planner: "offline", sandbox: false, version: "0.1.0" }),
  ],
  ["GET", /^\/v1\/credits$/, (_, __, response) => json(response, ask.books.balances)],
  ["GET", /^\/v1\/credits\/ledger$/, (_, request, response) => json(response, ask.ledger(queryOf(request)))],
  ["GET", /^\/v1\/credits\/usage$/, (_, request, response) => json(response, ask.usage(queryOf(request)))],
  [
    "GET",
    /^\/v1\/credits\/statement$/,
    (_, request, response) =>
      void response.writeHead(200, { "Content-Type": "text/csv" }).end(ask.statement(queryOf(request))),
  ],
  [
    "GET",
    /^\/v1\/credits\/entries\/[^/]+\/explain$/,
    (_, request, response) => {
      const found = ask.explain(request.url?.split("/")[4] ?? "");
      if (found) json(response, found);
      else json(response, { type: "/problems/not-found", title: "Not found" }, 404);
    },
  ],
  ["GET", /^\/v1\/audit\/chain$/, (_, __, response) => json(response, ask.chain())],
  ["GET", /^\/v1\/audit\/keys$/, (_, __, response) => json(response, ask.keys())],
  [
    "POST",
    /^\/v1\/audit\/checkpoints$/,
    (_, __, response) =>
      json(response, { type: "/problems/forbidden", title: "The key's role is too small" }, 403),
  ],
  ["GET", /^\/v1\/prompts$/, (_, __, response) => json(response, prompts.listed())],
  [
    "GET",
    /^\/v1\/agents\/metrics$/,
    (_, request, response) => json(response, prompts.metrics(queryOf(request))),
  ],
  [
    "GET",
    /^\/v1\/prompts\/[^/]+\/[^/]+\/versions$/,
    (_, request, response) => json(response, prompts.versions(request.url ?? "", queryOf(request))),
  ],
  [
    "PUT",
    /^\/v1\/prompts\/[^/]+\/[^/]+$/,
    async (_, request, response) => {
      const [status, body] = prompts.publish(request.url ?? "", await bodyOf(request));
      json(response, body, status);
    },
  ],
  [
    "PUT",
    /^\/v1\/prompts\/[^/]+$/,
    async (_, request, response) => json(response, prompts.weigh(request.url ?? "", await bodyOf(request))),
  ],
  ["GET", /^\/v1\/projects$/, (_, __, response) => json(response, ask.projects())],
  ["GET", /^\/v1\/jobs$/, (_, request, response) => json(response, ask.jobs(queryOf(request)))],
  [
    "POST",
    /^\/v1\/sessions$/,
    (_, __, response) => json(response, { session_id: SESSION, position: "0" }, 201),
  ],
  [
    "GET",
    /^\/v1\/sessions$/,
    (_, __, response) =>
      json(response, {
        items: [{ session_id: SESSION, title: "Product film with voiceover", at: "2026-01-05T10:12:00Z" }],
      }),
  ],
  ["GET", /\/stream$/, (mock, request, response) => mock.listen(request, response)],
  ["POST", /\/messages$/, say],
  [
    "POST",
    /\/uploads$/,
    (_, __, response) =>
      json(
        response,
        { upload_id: "upl_1", url: "/v1/assets/ast_image", media_type: "image/svg+xml", name: "sketch.svg" },
        201,
      ),
  ],
  ["GET", /^\/v1\/sessions\/[^/]+$/, (mock, _, response) => json(response, session(mock))],
  ["GET", /^\/v1\/plans\/[^/]+$/, (mock, _, response) => json(response, mock.state.plans[PLAN] ?? {})],
  [
    "POST",
    /\/approve$/,
    async (mock, _, response) => {
      json(response, { run_id: "run_01JDEMO.1.1" }, 202);
      await mock.play(mock.text.includes("fail") ? ranIntoTrouble : ran);
    },
  ],
  [
    "POST",
    /\/reject$/,
    (mock, _, response) => {
      json(response, {}, 202);
      mock.send({ after: 0, event: "plan.rejected", data: { plan_id: PLAN } });
    },
  ],
  [
    "GET",
    /\/assets\/ast_image/,
    (_, __, response) => void response.writeHead(200, { "Content-Type": "image/svg+xml" }).end(picture()),
  ],
  [
    "GET",
    /\/assets\/ast_audio/,
    (_, __, response) => void response.writeHead(200, { "Content-Type": "audio/wav" }).end(sound()),
  ],
  ["GET", /\/assets\/ast_video/, (_, request, response) => video(request, response)],
];

/** A player asks for ranges before it knows how long a film is. */
function video(request: IncomingMessage, response: ServerResponse): void {
  const bytes = readFileSync(new URL("./fixtures/clip.mp4", import.meta.url));
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const end = range?.[2] ? Number(range[2]) : bytes.length - 1;
  response.writeHead(range ? 206 : 200, {
    "Content-Type": "video/mp4",
    "Accept-Ranges": "bytes",
    "Content-Length": end - start + 1,
    ...(range ? { "Content-Range": `bytes ${start}-${end}/${bytes.length}` } : {}),
  });
  response.end(bytes.subarray(start, end + 1));
}

function refusal(request: IncomingMessage, path: string): { title: string; status: number } | undefined {
  const open = path === "/v1/page-login" || path.startsWith("/v1/assets/");
  if (!open && request.headers.authorization !== "Bearer key_demo")
    return { title: "Unknown key", status: 401 };
  const session = /^\/v1\/sessions\/([^/]+)/.exec(path)?.[1];
  return session && session !== SESSION ? { title: "Not found", status: 404 } : undefined;
}

export function mockPlatform(): Plugin {
  let mock = new Mock(ask.books.balances);
  const answer = (middlewares: Connect.Server) => {
    middlewares.use((request, response, next) => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      if (!path.startsWith("/v1/")) return next();
      if (path === "/v1/sessions" && request.method === "POST") mock = new Mock(mock.state.credits);
      const refused = refusal(request, path);
      if (refused) return json(response, refused, refused.status);
      const found = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path));
      if (!found) return json(response, { type: "/problems/not-found", title: "Not found" }, 404);
      void found[2](mock, request, response);
    });
  };
  return {
    name: "mock-platform",
    configureServer: ({ middlewares }) => answer(middlewares),
    configurePreviewServer: ({ middlewares }) => answer(middlewares),
  };
}
