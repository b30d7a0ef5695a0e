/** What a person reads when something is refused: what happened, and what to do about it. */
import { creditsText } from "../kit/format.ts";
import { Problem } from "./client.ts";
import { number } from "./wire.ts";

export interface Spoken {
  title: string;
  detail: string;
}

const ADVICE: Record<string, string> = {
  unauthenticated: "Open the address that the platform printed once more, or paste another key.",
  forbidden: "Your key's role does not allow this.",
  "rate-limited": "Too many requests at once. Wait a moment and try again.",
  "too-large": "Choose a smaller file.",
  "read-model-behind": "The platform is catching up. Try again in a moment.",
  unavailable: "A part of the platform is starting or busy. Try again in a moment.",
  "not-found": "It may have been removed, or it belongs to another organisation.",
};

export function speak(error: unknown): Spoken {
  if (!(error instanceof Problem)) {
    return { title: "Something went wrong in the page", detail: error instanceof Error ? error.message : "" };
  }
  if (error.status === 402) return { title: error.title, detail: missingCredits(error) };
  const fields = error.fields.map((field) => `${field.pointer.replace(/^\//, "")}: ${field.detail}`.trim());
  const detail = [error.detail, ...fields].filter(Boolean).join(" ");
  return { title: error.title, detail: detail || (ADVICE[error.slug] ?? "") };
}

function missingCredits({ body, detail }: Problem): string {
  const [asked, available] = [number(body.asked), number(body.available)];
  if (asked === undefined || available === undefined)
    return detail || "Ask an administrator of your organisation for more credits.";
  return `You are ${creditsText(asked - available)} short. Ask an administrator of your organisation to add them.`;
}

/** A failed step: the category in words, and the way out of it. */
export const STEP_ADVICE: Record<string, { title: string; todo: string }> = {
  billing: {
    title: "The provider refused payment",
    todo: "Nothing was charged to you. Rerun the step; another provider is tried where one has the model.",
  },
  rate_limit: { title: "The provider is too busy", todo: "Wait a minute, then rerun the step." },
  outage: { title: "The provider is down", todo: "Rerun the step later, or choose another model." },
  content_policy: {
    title: "The provider refused the content",
    todo: "Change the description so that it keeps to the provider's rules, then rerun the step.",
  },
  input_validation: {
    title: "An input does not fit the model",
    todo: "Look at the input below, correct it in words in the chat, then rerun.",
  },
  insufficient_credit: { title: "Not enough credits", todo: "Add credits, then rerun the step." },
  "insufficient-credit": { title: "Not enough credits", todo: "Add credits, then rerun the step." },
  deadline: { title: "It took too long", todo: "The credits were given back. Rerun the step." },
  unknown: { title: "The step failed", todo: "Rerun the step. If it fails again, try another model." },
};
