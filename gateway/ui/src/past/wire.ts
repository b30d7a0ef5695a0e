/** A plan's past as the interface tells it: its history, its runs, and two of them compared. */
import { isObject, type Json, known, list, number, readAssets, text } from "../api/wire.ts";
import type { Asset } from "../state/model.ts";
import { readSources, type Sources } from "./sent.ts";

export type CauseKind = "person" | "agent" | "job" | "time" | "process";

/** One event of a plan's life. */
export interface Happening {
  version: number;
  event: string;
  at: string;
  /** The moment just after it. */
  position: string;
  step: string | undefined;
  facts: Json;
  cause: { kind: CauseKind; actor: string; job_id: string | undefined };
  /** Millicredits: what the plan had cost by then, what this step did, what was set aside for it. */
  cost: { captured: number; step: number | undefined; reserved: number | undefined };
}

/** How many events are asked for at once: as many as the platform tells. */
export const PAGE = 200;

export interface HistoryPage {
  items: Happening[];
  /** How many the plan has by now. */
  total: number;
}

export interface Run {
  run_id: string;
  number: number;
  status: string;
  cost: number | undefined;
  started_at: string | undefined;
  ended_at: string | undefined;
  archived: boolean;
  /** How many steps it ran, and how many it kept from before. */
  ran: number;
  kept: number;
}

/** What came of a step in one of two runs. */
export interface Side {
  status: string;
  model: string | undefined;
  /** As it was sent; nothing where the step never came to that. */
  input: Json | undefined;
  /** As the step had it. */
  planned: Json | undefined;
  sources: Sources;
  outputs: Asset[];
  cost: number | undefined;
  seconds: number | undefined;
  kept: boolean;
  reused: boolean;
}

export interface StepPair {
  step: string;
  title: string;
  differs: string[];
  /** At which places of the input. */
  input_differs: string[];
  a: Side | undefined;
  b: Side | undefined;
}

export interface RunHead {
  status: string;
  cost: number | undefined;
  seconds: number | undefined;
}

export interface Comparison {
  a: RunHead;
  b: RunHead;
  steps: StepPair[];
}

export const readHistory = (raw: Json): HistoryPage => ({
  items: list(raw.items).flatMap(readHappening),
  total: number(raw.total) ?? 0,
});

function readHappening(raw: unknown): Happening[] {
  const position = isObject(raw) ? text(raw.position) : undefined;
  if (!isObject(raw) || !position) return [];
  const cause = isObject(raw.cause) ? raw.cause : {};
  const cost = isObject(raw.cost) ? raw.cost : {};
  return [
    {
      version: number(raw.version) ?? 0,
      event: text(raw.event) ?? "",
      at: text(raw.at) ?? "",
      position,
      step: text(raw.step),
      facts: isObject(raw.facts) ? raw.facts : {},
      cause: {
        kind: (text(cause.kind) as CauseKind | undefined) ?? "process",
        actor: text(cause.actor) ?? "",
        job_id: text(cause.job_id),
      },
      cost: {
        captured: number(cost.captured) ?? 0,
        step: number(cost.step),
        reserved: number(cost.reserved),
      },
    },
  ];
}

export const readRuns = (raw: Json): Run[] => list(raw.items).flatMap(readRun);

function readRun(raw: unknown): Run[] {
  const run_id = isObject(raw) ? text(raw.run_id) : undefined;
  if (!isObject(raw) || !run_id) return [];
  return [
    {
      run_id,
      number: Number(run_id.slice(run_id.lastIndexOf(".") + 1)),
      status: text(raw.status) ?? "",
      cost: number(raw.cost),
      started_at: text(raw.started_at),
      ended_at: text(raw.ended_at),
      archived: text(raw.archived_at) !== undefined,
      ran: list(raw.steps).length,
      kept: isObject(raw.kept) ? Object.keys(raw.kept).length : 0,
    },
  ];
}

export function readComparison(raw: Json): Comparison {
  const runs = isObject(raw.runs) ? raw.runs : {};
  return { a: readHead(runs.a), b: readHead(runs.b), steps: list(raw.steps).flatMap(readPair) };
}

function readHead(raw: unknown): RunHead {
  const head = isObject(raw) ? raw : {};
  return { status: text(head.status) ?? "", cost: number(head.cost), seconds: number(head.seconds) };
}

const texts = (raw: unknown): string[] => list(raw).filter((one) => typeof one === "string");

function readPair(raw: unknown): StepPair[] {
  const step = isObject(raw) ? text(raw.step) : undefined;
  if (!isObject(raw) || !step) return [];
  const titles = [raw.a, raw.b].filter(isObject).map((side) => text(side.title));
  return [
    {
      step,
      title: titles.find((title) => title !== undefined) ?? step,
      differs: texts(raw.differs),
      input_differs: texts(raw.input_differs),
      a: readSide(raw.a),
      b: readSide(raw.b),
    },
  ];
}

function readSide(raw: unknown): Side | undefined {
  if (!isObject(raw)) return undefined;
  return known<Side>({
    status: text(raw.status) ?? "",
    model: text(raw.model),
    input: isObject(raw.input) ? raw.input : undefined,
    planned: isObject(raw.planned) ? raw.planned : undefined,
    sources: readSources(raw.sources),
    outputs: readAssets(raw.outputs),
    cost: number(raw.cost),
    seconds: number(raw.seconds),
    kept: text(raw.kept_from) !== undefined,
    reused: text(raw.reused_from) !== undefined,
  });
}
