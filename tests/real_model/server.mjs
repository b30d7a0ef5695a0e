// A real language model (llama.cpp, a GGUF file) behind the Chat Completions wire: `node server.mjs <folder>`.
// Structured output: any JSON, and a plan's own shape for the planner. Prints its port.
// The folder has `node_modules/node-llama-cpp` and one `.gguf` in it or below.
import { createServer } from "node:http";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const THREADS = 1; // more of them wait for each other where others need the processors, too
const folder = resolve(process.argv[2]);
const { getLlama, LlamaChatSession } = await import(
  pathToFileURL(join(folder, "node_modules", "node-llama-cpp", "dist", "index.js"))
);
const weights = readdirSync(folder, { recursive: true }).find((name) => name.endsWith(".gguf"));
const llama = await getLlama({ build: "never", gpu: false, logLevel: "error" });
const model = await llama.loadModel({ modelPath: join(folder, weights) });
const text = { type: "string", maxLength: 80 };
const label = { enum: ["s1", "s2", "s3"] };
const step = {
  type: "object",
  properties: {
    id: label, title: text, description: text, agent_type: { enum: ["image", "video", "speech", "music", "text"] },
    depends_on: { type: "array", items: label, maxItems: 2 },
  },
};
const steps = { type: "array", items: step, minItems: 1, maxItems: 3 };
const plan = { type: "object", properties: { title: text, steps } };
const grammars = { planner: await llama.createGrammarForJsonSchema(plan), any: await llama.getGrammarFor("json") };

async function answer(agent, body, say) {
  const context = await model.createContext({ contextSize: 8192, threads: THREADS });
  try {
    const said = (role) => body.messages.filter((one) => one.role === role).map((one) => one.content).join("\n");
    const session = new LlamaChatSession({ contextSequence: context.getSequence(), systemPrompt: said("system") });
    const options = { maxTokens: Math.min(body.max_tokens ?? 400, 400), temperature: 0, onTextChunk: say };
    const asJson = body.response_format?.type === "json_object";
    const grammar = grammars[agent] ?? grammars.any;
    return await session.prompt(said("user"), asJson ? { ...options, grammar } : options);
  } finally {
    await context.dispose();
  }
}

const server = createServer(async (request, response) => {
  let raw = "";
  for await (const piece of request) raw += piece;
  const body = JSON.parse(raw);
  const agent = request.headers["x-studio-agent"];
  const base = { id: "real", created: 0, model: weights };
  if (!body.stream) {
    const content = await answer(agent, body, () => {});
    const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...base, object: "chat.completion", choices }));
    return;
  }
  response.setHeader("content-type", "text/event-stream");
  const event = (delta, finish_reason = null) => {
    const chunk = { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  await answer(agent, body, (content) => event({ content }));
  event({}, "stop");
  response.end("data: [DONE]\n\n");
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
