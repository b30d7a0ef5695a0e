/** What a plan's notes say to the person who approves it, each with the title of the step that it is about. */
import type { Note, Plan, Step } from "../state/model.ts";

export interface Told {
  key: string;
  text: string;
}

/** Each once, as a sentence that names its step. */
export function toldNotes(plan: Pick<Plan, "notes" | "steps">): Told[] {
  const lines = (plan.notes ?? []).map((note) => {
    const step = plan.steps.find(({ key }) => key === note.step);
    return step ? `“${step.title || step.key}”: ${wordsOf(note, plan.steps)}` : withoutStep(note, plan.steps);
  });
  return [...new Set(lines)].map((text) => ({ key: text, text: sentence(text) }));
}

/** By the steps that they are about, for what stands right at these. */
export function notesBySteps(plan: Pick<Plan, "notes" | "steps"> | undefined): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const note of plan?.notes ?? []) {
    if (!note.step || !plan?.steps.some(({ key }) => key === note.step)) continue;
    found[note.step] = [...new Set([...(found[note.step] ?? []), sentence(wordsOf(note, plan.steps))])];
  }
  return found;
}

/** Words that only begin like a step's name. */
const withoutStep = (note: Note, steps: Step[]): string =>
  `${note.step ? `${note.step}: ` : ""}${wordsOf(note, steps)}`;

function wordsOf({ text, other }: Note, steps: Step[]): string {
  if (!other) return text;
  return `${text} “${steps.find(({ key }) => key === other)?.title || other}”`;
}

const sentence = (words: string): string =>
  words.charAt(0).toUpperCase() + words.slice(1) + (/[\p{L}\p{N}”)]$/u.test(words) ? "." : "");
