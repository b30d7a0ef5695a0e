/** Prompts of a made-up organisation, and made-up figures of them, in the shapes of the interface. */

interface Kept {
  agent: string;
  variant: string;
  owner: string;
  weight: number;
  texts: { text: string; at: string; model?: string }[];
}

const TEXT = `You are the planner of a studio that makes pictures, videos, sound, voices, music, 3D models and texts.
A person says what they want; you answer with a plan: the fewest steps that make it, as a graph.

The message has sections. \`capabilities\` lists the kinds of steps that can be done now, what each takes
and gives, what it needs, and its limits; plan nothing else and nothing beyond the limits.

Answer with one JSON object and nothing around it:

{"title": "…", "steps": [{"id": "s1", "title": "…", "agent_type": "image", "depends_on": []}]}

- \`id\`: short and unique.
- \`depends_on\`: ids of the steps whose output this step works on, and no others; no circles.
- Several of the same thing are several steps.`;

const at = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const shipped = (agent: string): Kept => ({
  agent,
  variant: "default",
  owner: "platform",
  weight: 100,
  texts: [{ text: TEXT, at: at(40) }],
});

const FOR_ALL = ["error_classifier", "writer"];

const kept: Kept[] = [
  ...["planner", "planner_full", "edit_planner", "validator", "field_verifier", "model_selector"].map(
    shipped,
  ),
  ...FOR_ALL.map(shipped),
  {
    agent: "planner",
    variant: "default",
    owner: "org_demo",
    weight: 70,
    texts: [
      { text: TEXT, at: at(21) },
      {
        text: TEXT.replace("the fewest steps that make it", "the fewest steps that make it well"),
        at: at(12),
      },
    ],
  },
  {
    agent: "planner",
    variant: "brief",
    owner: "org_demo",
    weight: 30,
    texts: [{ text: `${TEXT}\n- Titles have at most four words.`, at: at(6), model: "gpt-mini" }],
  },
];

function share(one: Kept): number {
  const own = kept.filter((other) => other.agent === one.agent && other.owner === "org_demo");
  const total = own.reduce((sum, { weight }) => sum + weight, 0);
  if (total > 0) return one.owner === "org_demo" ? one.weight / total : 0;
  return one.owner === "platform" ? 1 : 0;
}

export const listed = (): Record<string, unknown> => ({
  items: kept.map(({ texts, ...one }) => ({
    ...one,
    editable: one.owner === "org_demo",
    publishable: !FOR_ALL.includes(one.agent),
    version: texts.length,
    share: share(one as Kept),
    published_at: texts.at(-1)?.at,
    ...(texts.at(-1)?.model ? { model: texts.at(-1)?.model } : {}),
  })),
});

const namesOf = (url: string): string[] =>
  new URL(url, "http://mock").pathname.split("/").slice(3).map(decodeURIComponent);

function find(agent: string | undefined, variant: string | undefined, owner: string): Kept | undefined {
  return kept.find((one) => one.agent === agent && one.variant === variant && one.owner === owner);
}

export function versions(url: string, query: URLSearchParams): Record<string, unknown> {
  const [agent, variant] = namesOf(url);
  const texts = find(agent, variant, query.get("owner") ?? "org_demo")?.texts ?? [];
  return {
    items: texts
      .map(({ at: published_at, ...one }, index) => ({ version: index + 1, published_at, ...one }))
      .reverse(),
  };
}

export function publish(url: string, body: Record<string, unknown>): [number, Record<string, unknown>] {
  const [agent = "", variant = ""] = namesOf(url);
  let one = find(agent, variant, "org_demo");
  if (FOR_ALL.includes(agent))
    return [
      422,
      {
        type: "/problems/invalid-input",
        title: "Not valid",
        detail: `${agent} works with the platform's prompt, for all organisations`,
      },
    ];
  if (String(body.text).includes("stale"))
    return [
      409,
      {
        type: "/problems/illegal-state",
        title: "Not possible in this state",
        detail: "version 3 was published in the meantime",
      },
    ];
  if (!one) {
    one = { agent, variant, owner: "org_demo", weight: Number(body.weight ?? 0), texts: [] };
    kept.push(one);
  }
  const model = body.model ? { model: String(body.model) } : {};
  one.texts.push({ text: String(body.text), at: at(0), ...model });
  return [
    200,
    { agent, variant, owner: "org_demo", version: one.texts.length, weight: one.weight, position: "" },
  ];
}

export function weigh(url: string, body: Record<string, unknown>): Record<string, unknown> {
  const [agent] = namesOf(url);
  for (const [variant, weight] of Object.entries(body.weights as Record<string, number>)) {
    const one = find(agent, variant, "org_demo");
    if (one) one.weight = weight;
  }
  return { agent, position: "" };
}

const FIGURES = {
  open: 0,
  tokens_in: 412_330,
  tokens_out: 188_420,
  fallbacks: 2,
  rejected: 9,
  auto: 0,
  revise_rounds: 0.18,
};

const agent = "planner";
const [a, b] = [
  { variant: "default", owner: "org_demo" },
  { variant: "brief", owner: "org_demo" },
];
const ITEMS = [
  {
    agent,
    ...a,
    ...FIGURES,
    calls: 214,
    errors: 3,
    plans: 202,
    auto: 20,
    accepted: 129,
    p50_ms: 6120,
    p95_ms: 14900,
    error_rate: 0.014,
    acceptance_rate: 0.709,
  },
  {
    agent,
    ...b,
    ...FIGURES,
    calls: 96,
    errors: 2,
    plans: 91,
    auto: 3,
    accepted: 76,
    p50_ms: 4310,
    p95_ms: 9870,
    error_rate: 0.0208,
    acceptance_rate: 0.864,
    revise_rounds: 0.06,
    tokens_in: 171_004,
    tokens_out: 66_210,
  },
  {
    agent,
    variant: "default",
    owner: "platform",
    ...FIGURES,
    calls: 48,
    errors: 0,
    plans: 34,
    accepted: 18,
    p50_ms: 6300,
    p95_ms: 14_800,
    error_rate: 0,
    acceptance_rate: 0.529,
    tokens_in: 86_020,
    tokens_out: 39_300,
  },
  {
    agent,
    variant: "default",
    ...FIGURES,
    calls: 12,
    errors: 0,
    plans: 11,
    accepted: 6,
    p50_ms: 6400,
    p95_ms: 15_100,
    error_rate: 0,
    acceptance_rate: 0.545,
    tokens_in: 21_400,
    tokens_out: 9_800,
  },
];

const COMPARISONS = [
  {
    agent,
    measure: "acceptance_rate",
    a,
    b,
    n_a: 182,
    n_b: 88,
    value_a: 0.709,
    value_b: 0.864,
    verdict: "different",
    method: "two-proportion-z",
    p_value: 0.00534,
    p_adjusted: 0.0107,
  },
  {
    agent,
    measure: "acceptance_rate",
    a,
    b: { variant: "default", owner: "platform" },
    n_a: 182,
    n_b: 34,
    value_a: 0.709,
    value_b: 0.529,
    verdict: "different",
    method: "two-proportion-z",
    p_value: 0.0388,
    p_adjusted: 0.0388,
  },
  {
    agent,
    measure: "error_rate",
    a,
    b,
    n_a: 214,
    n_b: 96,
    value_a: 0.014,
    value_b: 0.0208,
    verdict: "no difference shown",
    method: "fisher-exact",
    p_value: 0.647,
  },
  {
    agent,
    measure: "p50_ms",
    a,
    b,
    n_a: 211,
    n_b: 94,
    value_a: 6120,
    value_b: 4310,
    verdict: "different",
    method: "mann-whitney-u",
    p_value: 3.1e-9,
  },
  {
    agent,
    measure: "acceptance_rate",
    a,
    b: { variant: "default" },
    n_a: 182,
    n_b: 11,
    value_a: 0.709,
    value_b: 0.545,
    verdict: "too few to tell",
    needs: 20,
  },
];

export const metrics = (query: URLSearchParams): Record<string, unknown> =>
  query.get("agent") === "planner"
    ? { items: ITEMS, comparisons: COMPARISONS }
    : { items: [], comparisons: [] };
