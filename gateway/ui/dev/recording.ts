/** The frames of one session, as the platform sends them for the main sentence. For development and tests only. */

export interface Recorded {
  /** Milliseconds after the frame before it. */
  after: number;
  event: string;
  data: Record<string, unknown>;
}

export const SESSION = "ses_01JDEMO";
export const PLAN = "pln_01JDEMO.1";
export const RUN = "run_01JDEMO.1.1";
export const SENTENCE = "generate a product image, animate it into a 5-second video, and add a voiceover";

const id = (step: string): string => `stp_01JDEMO.1.${step}`;

export const STEPS = [
  {
    id: "s1",
    title: "Product image",
    description: "A clean studio shot of the product on a soft neutral background, lit from the left.",
    agent_type: "image",
    depends_on: [] as string[],
    model: "local/product-shot",
    input: {
      prompt: "studio product shot, soft light from the left, neutral background",
      width: 1280,
      height: 720,
    },
    cost: { estimated: 4000, reserved: 0, captured: 0 },
  },
  {
    id: "s2",
    title: "Animate to video",
    description: "A slow push-in on the product with a light sweep, five seconds long.",
    agent_type: "video",
    depends_on: ["s1"],
    model: "local/image-to-video",
    input: { image: "/v1/assets/ast_image", duration_s: 5, motion: "slow push-in" },
    cost: { estimated: 20000, reserved: 0, captured: 0 },
  },
  {
    id: "s3",
    title: "Add the voiceover",
    description: "A warm voice introduces the product over the film, timed to its five seconds.",
    agent_type: "speech",
    depends_on: ["s2"],
    model: "local/speech-formant",
    input: {
      text: "Meet the bottle that keeps up with you. Cold for a day, light for a lifetime.",
      voice: "en-gb",
    },
    cost: { estimated: 1500, reserved: 0, captured: 0 },
  },
];

const OUTPUTS: Record<string, Record<string, unknown>> = {
  s1: {
    asset_id: "ast_image",
    media_type: "image/svg+xml",
    width: 1280,
    height: 720,
    engine: "local-cpu/skia",
  },
  s2: {
    asset_id: "ast_video",
    media_type: "video/mp4",
    width: 320,
    height: 180,
    duration_s: 5,
    engine: "local-cpu/pyav",
  },
  s3: { asset_id: "ast_audio", media_type: "audio/wav", duration_s: 4.6, engine: "local-cpu/espeak" },
};

export const output = (step: string): Record<string, unknown> => ({
  url: `/v1/assets/${String(OUTPUTS[step]?.asset_id)}?exp=1&sig=demo`,
  ...OUTPUTS[step],
});

/** A step as it is drafted: its model, input and price are chosen later. */
export const stepOf = ({
  id: key,
  depends_on,
  ...words
}: (typeof STEPS)[number]): Record<string, unknown> => ({
  step_id: id(key),
  title: words.title,
  description: words.description,
  agent_type: words.agent_type,
  depends_on: depends_on.map(id),
  cost: { reserved: 0, captured: 0 },
  status: "planned",
  outputs: [],
  attempts: [],
});

const REASONING =
  "The sentence asks for three things that lean on one another. First a picture of a product. Then that picture has to move for five seconds, so the video needs the image. Last comes a voice over the film, so the speech step waits for the video and takes its length from it.";

const words = (text: string): string[] => text.match(/\S+\s*/g) ?? [];

/** The model writes a step, and as soon as it is whole the page may draw it. */
function writing(call_id: string, step: (typeof STEPS)[number]): Recorded[] {
  const { model: _m, input: _i, cost: _c, ...draft } = step;
  const pieces = JSON.stringify(draft, null, 1).match(/[\s\S]{1,24}/g) ?? [];
  return [
    ...pieces.map((delta) => ({
      after: 90,
      event: "agent.content",
      data: { agent: "planner", call_id, delta },
    })),
    { after: 10, event: "step.drafting", data: { call_id, step: draft } },
  ];
}

function planning(): Recorded[] {
  const call_id = "call_plan";
  return [
    {
      after: 60,
      event: "agent.started",
      data: { agent: "context_classifier", stage: "context", call_id: "call_ctx" },
    },
    {
      after: 180,
      event: "agent.finished",
      data: {
        agent: "context_classifier",
        call_id: "call_ctx",
        ms: 180,
        tokens_in: 210,
        tokens_out: 12,
        variant: "a",
      },
    },
    { after: 40, event: "agent.started", data: { agent: "planner", stage: "plan", call_id } },
    ...words(REASONING).map((delta) => ({
      after: 35,
      event: "agent.reasoning",
      data: { agent: "planner", call_id, delta },
    })),
    ...STEPS.flatMap((step) => writing(call_id, step)),
    {
      after: 40,
      event: "agent.finished",
      data: { agent: "planner", call_id, ms: 3900, tokens_in: 1840, tokens_out: 402, variant: "a" },
    },
    { after: 30, event: "plan.drafted", data: { plan_id: PLAN, title: "Product film with voiceover" } },
    ...STEPS.map((step) => ({ after: 5, event: "step.drafted", data: { step: stepOf(step) } })),
  ];
}

function checking(): Recorded[] {
  const agents: [agent: string, ms: number][] = [
    ["validator", 420],
    ["field_verifier", 380],
  ];
  return [
    ...agents.flatMap(([agent, ms]): Recorded[] => [
      { after: 30, event: "agent.started", data: { agent, stage: agent, call_id: `call_${agent}` } },
      {
        after: ms,
        event: "agent.finished",
        data: { agent, call_id: `call_${agent}`, ms, tokens_in: 900, tokens_out: 80 },
      },
    ]),
    { after: 20, event: "plan.validated", data: { plan_id: PLAN, verdict: "PASS", issues: [] } },
    ...STEPS.map(({ id: key, model, input, cost }) => ({
      after: 30,
      event: "plan.revised",
      data: { plan_id: PLAN, step_id: id(key), step: { step_id: id(key), model, input, cost } },
    })),
  ];
}

export const planned: Recorded[] = [
  ...planning(),
  ...checking(),
  { after: 40, event: "plan.awaiting_approval", data: { plan_id: PLAN, flags: [] } },
];

const CAPTURED: Record<string, number> = { s1: 4000, s2: 18500, s3: 1380 };

function running(step: string, ms: number, available: number): Recorded[] {
  const at = { plan_id: PLAN, run_id: RUN, step_id: id(step) };
  const reserved = STEPS.find((other) => other.id === step)?.cost.estimated ?? 0;
  const captured = CAPTURED[step] ?? 0;
  return [
    { after: 60, event: "credits.changed", data: { available: available - reserved, reserved } },
    { after: 10, event: "step.ready", data: { ...at, job_id: `job_${step}` } },
    { after: 20, event: "step.started", data: { ...at, job_id: `job_${step}` } },
    ...[0.1, 0.3, 0.5, 0.7, 0.9].map((progress) => ({
      after: ms / 5,
      event: "step.progress",
      data: { ...at, progress },
    })),
    { after: 60, event: "step.succeeded", data: { ...at, outputs: [output(step)], cost: { captured } } },
    { after: 5, event: "credits.changed", data: { available: available - captured, reserved: 0 } },
  ];
}

const TOTAL = 23880;

const begun: Recorded[] = [
  { after: 40, event: "plan.approved", data: { plan_id: PLAN, approved_by: "usr_demo" } },
  {
    after: 5,
    event: "run.started",
    data: { plan_id: PLAN, run_id: RUN, steps: STEPS.map((step) => id(step.id)), kept: {} },
  },
];

export const ran: Recorded[] = [
  ...begun,
  ...running("s1", 1600, 100_000),
  ...running("s2", 2600, 96_000),
  ...running("s3", 900, 77_500),
  {
    after: 60,
    event: "message.posted",
    data: {
      message_id: "msg_2",
      role: "assistant",
      text: "Your product film is ready: a picture, a five-second video and the voiceover.",
      assets: [],
    },
  },
  { after: 20, event: "run.completed", data: { run_id: RUN, status: "succeeded", cost: TOTAL } },
];

/** The same plan, with a second step that the provider refuses. */
export const ranIntoTrouble: Recorded[] = [
  ...begun,
  ...running("s1", 600, 100_000),
  { after: 40, event: "step.started", data: { step_id: id("s2"), run_id: RUN, job_id: "job_s2" } },
  {
    after: 900,
    event: "step.failed",
    data: {
      step_id: id("s2"),
      run_id: RUN,
      category: "content_policy",
      error: { category: "content_policy", detail: "The motion prompt names a protected brand." },
    },
  },
  { after: 20, event: "step.blocked", data: { step_id: id("s3"), run_id: RUN, because: id("s2") } },
  { after: 40, event: "run.completed", data: { run_id: RUN, status: "partial", cost: 4000 } },
];
