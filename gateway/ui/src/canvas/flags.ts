/** What a plan's flags mean for the person who approves it, in plain words; those that lose nothing are not told. */
import type { Plan } from "../state/model.ts";

type Words = (step: string, what: string, why: string) => string;

const WORDS: Record<string, Words> = {
  unwirable: (step, what, why) => `${step} will not run: ${what} ${why}`,
  unused: (step, what) => `${step} has no use for ${what}`,
  "model-unknown": (step) => `${step}: the model named for it is not here, so another was chosen`,
  "model-garbled": (step) => `${step}: no model has quite the name that was given; the nearest was taken`,
  "model-unfit": (step) => `${step}: the model named for it lacks a file it needs, so another was chosen`,
  "model-unwanted": (step) => `${step}: only models that you did not want can do it`,
  "foreign-file": (step, what) => `${step}: what was named as its ${what} is no file of this session`,
  "wrong-medium": (step, what) => `${step}: what was named as its ${what} is another kind of file`,
  "near-name": (step, what) => `${step}: its ${what} is the file whose name came nearest`,
  "voice-unknown": (step) => `${step}: the model has no such voice, so its usual one speaks`,
  "newest-upload": (step, what) => `${step}: no ${what} was named, so it takes the newest file that fits`,
};

export function toldFlags(plan: Plan): string[] {
  const titled = (key: string) => `“${plan.steps.find((step) => step.key === key)?.title ?? key}”`;
  const lines = (plan.flags ?? []).flatMap((flag) => {
    const [, key = "", kind = "", what = "", why = ""] =
      /^([^:]+):([^:]+)(?::([^:]+))?(?:: (.+))?$/.exec(flag) ?? [];
    const words = WORDS[kind];
    if (!words) return [];
    return [words(titled(key), kind === "unused" ? titled(what) : what, why)];
  });
  return [...new Set(lines)];
}
