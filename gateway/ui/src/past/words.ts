/** What happened to a plan, and what led to it, as people say it. */
import { creditsNumber } from "../kit/format.ts";
import type { Happening } from "./wire.ts";

export type Tone = "idle" | "busy" | "good" | "bad" | "wait";

interface Saying {
  tone: Tone;
  /** `step` is the step's title in quotes. */
  say: (step: string, facts: Record<string, unknown>) => string;
}

const SAYINGS: Record<string, Saying> = {
  plan_drafted: { tone: "idle", say: () => "The plan was drafted" },
  step_drafted: { tone: "idle", say: (step) => `${step} was drafted` },
  plan_edited: { tone: "wait", say: () => "The plan was changed by words" },
  plan_revised: { tone: "wait", say: (step) => `${step} was changed` },
  plan_validated: { tone: "idle", say: () => "The plan was checked" },
  model_selected: { tone: "idle", say: (step, facts) => `${step} got the model ${facts.model}` },
  fields_verified: { tone: "wait", say: () => "The plan waits for a yes" },
  plan_approved: { tone: "good", say: () => "The plan was approved" },
  plan_rejected: { tone: "bad", say: () => "The plan was rejected" },
  run_started: { tone: "busy", say: (_, facts) => `Run ${runNumber(facts.run_id)} began` },
  step_awaiting_approval: { tone: "wait", say: (step) => `${step} waits for a yes` },
  step_approved: { tone: "good", say: (step) => `${step} was approved` },
  step_ready: { tone: "busy", say: (step, facts) => `${step} was handed to ${facts.model}` },
  step_started: { tone: "busy", say: (step) => `${step} is being made` },
  step_succeeded: {
    tone: "good",
    say: (step, facts) => (facts.reused_from ? `${step} took an earlier result` : `${step} is done`),
  },
  step_failed: { tone: "bad", say: (step, facts) => `${step} failed: ${words(facts.category)}` },
  step_fell_back: {
    tone: "wait",
    say: (step, facts) => `${step} goes on with ${facts.to_model}: ${words(facts.category)}`,
  },
  step_blocked: { tone: "bad", say: (step) => `${step} is blocked` },
  step_cancelled: { tone: "bad", say: (step) => `${step} was cancelled` },
  step_restored: { tone: "idle", say: (step) => `${step}: the earlier result stands again` },
  run_completed: {
    tone: "good",
    say: (_, facts) => `Run ${runNumber(facts.run_id)}: ${words(facts.status)}`,
  },
  run_cancelled: { tone: "bad", say: (_, facts) => `Run ${runNumber(facts.run_id)} was cancelled` },
  run_archived: { tone: "idle", say: (_, facts) => `Run ${runNumber(facts.run_id)} was put in the archive` },
  plan_rolled_back: { tone: "wait", say: (_, facts) => `Back to run ${runNumber(facts.run_id)}` },
  plan_forked: { tone: "idle", say: () => "Forked from another plan" },
};

const words = (value: unknown): string => String(value ?? "").replaceAll("_", " ");

export const runNumber = (run_id: unknown): string => String(run_id ?? "").replace(/^.*\./, "");

export function toneOf({ event, facts }: Happening): Tone {
  if (event === "run_completed" && facts.status !== "succeeded") return "bad";
  return SAYINGS[event]?.tone ?? "idle";
}

/** `titles`: step → its title, as far as they are known. */
export function sentence(happening: Happening, titles: Record<string, string>): string {
  const { event, step, facts } = happening;
  const title = step === undefined ? "" : `“${titles[step] || step}”`;
  return SAYINGS[event]?.say(title, facts) ?? words(event);
}

/** What a job's end leads to in its own step; anything else follows from a job before it. */
const OWN_END = ["step_succeeded", "step_failed", "step_cancelled", "step_fell_back"];

export function causeText({ cause, event }: Happening): string {
  switch (cause.kind) {
    case "person":
      return "asked for by a person";
    case "agent":
      return "decided by the planner";
    case "job":
      if (event === "step_started") return "its job was taken up";
      return OWN_END.includes(event) ? "its job ended" : "a job before it ended";
    case "time":
      return "its time was over";
    case "process":
      return `by ${cause.actor || "the platform"}`;
  }
}

/** What it cost by then; and of this event what it added, or set aside. */
export function costText({ cost }: Happening): string {
  const total = `${creditsNumber(cost.captured)} cr so far`;
  if (cost.step) return `${total}, ${creditsNumber(cost.step)} for this`;
  if (cost.reserved) return `${total}, ${creditsNumber(cost.reserved)} set aside`;
  return total;
}
