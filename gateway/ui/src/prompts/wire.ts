/** The agents' prompts and how they do, as the interface tells them. */
import { isObject, type Json, list, number, text } from "../api/wire.ts";

export const PLATFORM = "platform";

export interface Variant {
  agent: string;
  variant: string;
  owner: string;
  /** Whether this key may publish it and weigh it. */
  editable: boolean;
  /** Whether this key may have variants of this agent's prompt at all. */
  publishable: boolean;
  version: number;
  weight: number;
  /** Of new sessions, from 0 to 1. */
  share: number;
  model: string | undefined;
  published_at: string | undefined;
  published_by: string | undefined;
}

export interface Version {
  version: number;
  text: string;
  model: string | undefined;
  published_at: string | undefined;
  published_by: string | undefined;
}

export interface Figures {
  agent: string;
  variant: string;
  owner: string | undefined;
  calls: number;
  open: number;
  tokens_in: number;
  tokens_out: number;
  errors: number;
  fallbacks: number;
  plans: number;
  accepted: number;
  /** Of the plans, those that ran without asking: nobody accepted or rejected them. */
  auto: number;
  rejected: number;
  p50_ms: number | undefined;
  p95_ms: number | undefined;
  error_rate: number | undefined;
  acceptance_rate: number | undefined;
  revise_rounds: number | undefined;
}

export interface Side {
  variant: string;
  owner: string | undefined;
  n: number;
  value: number | undefined;
}

export interface Comparison {
  agent: string;
  measure: "acceptance_rate" | "error_rate" | "p50_ms";
  a: Side;
  b: Side;
  verdict: string;
  method: string | undefined;
  p_value: number | undefined;
  /** As it holds among all comparisons of the measure, where there are several; `p_value` is of this one alone. */
  p_adjusted: number | undefined;
  /** Observations of each that would be needed to tell. */
  needs: number | undefined;
}

export interface Metrics {
  items: Figures[];
  comparisons: Comparison[];
}

export function readPrompts(raw: Json): Variant[] {
  return list(raw.items)
    .filter(isObject)
    .map((one) => ({
      agent: text(one.agent) ?? "",
      variant: text(one.variant) ?? "",
      owner: text(one.owner) ?? PLATFORM,
      editable: one.editable === true,
      publishable: one.publishable !== false,
      version: number(one.version) ?? 0,
      weight: number(one.weight) ?? 0,
      share: number(one.share) ?? 0,
      model: text(one.model),
      published_at: text(one.published_at),
      published_by: text(one.published_by),
    }))
    .filter(({ agent, variant }) => agent && variant);
}

export function readVersions(raw: Json): Version[] {
  return list(raw.items)
    .filter(isObject)
    .map((one) => ({
      version: number(one.version) ?? 0,
      text: text(one.text) ?? "",
      model: text(one.model),
      published_at: text(one.published_at),
      published_by: text(one.published_by),
    }));
}

export function readMetrics(raw: Json): Metrics {
  return {
    items: list(raw.items).filter(isObject).map(readFigures),
    comparisons: list(raw.comparisons).filter(isObject).flatMap(readComparison),
  };
}

function readFigures(raw: Json): Figures {
  const count = (name: string) => number(raw[name]) ?? 0;
  return {
    agent: text(raw.agent) ?? "",
    variant: text(raw.variant) ?? "",
    owner: text(raw.owner),
    calls: count("calls"),
    open: count("open"),
    tokens_in: count("tokens_in"),
    tokens_out: count("tokens_out"),
    errors: count("errors"),
    fallbacks: count("fallbacks"),
    plans: count("plans"),
    accepted: count("accepted"),
    auto: count("auto"),
    rejected: count("rejected"),
    p50_ms: number(raw.p50_ms),
    p95_ms: number(raw.p95_ms),
    error_rate: number(raw.error_rate),
    acceptance_rate: number(raw.acceptance_rate),
    revise_rounds: number(raw.revise_rounds),
  };
}

const MEASURES = ["acceptance_rate", "error_rate", "p50_ms"] as const;

function readComparison(raw: Json): Comparison[] {
  const measure = MEASURES.find((one) => one === raw.measure);
  if (!measure || !isObject(raw.a) || !isObject(raw.b)) return [];
  const side = (of: Json, n: unknown, value: unknown): Side => ({
    variant: text(of.variant) ?? "",
    owner: text(of.owner),
    n: number(n) ?? 0,
    value: number(value),
  });
  return [
    {
      agent: text(raw.agent) ?? "",
      measure,
      a: side(raw.a, raw.n_a, raw.value_a),
      b: side(raw.b, raw.n_b, raw.value_b),
      verdict: text(raw.verdict) ?? "",
      method: text(raw.method),
      p_value: number(raw.p_value),
      p_adjusted: number(raw.p_adjusted),
      needs: number(raw.needs),
    },
  ];
}
