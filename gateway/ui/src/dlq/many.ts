/** Many dead letters in requests of a few, so that it can be seen how far it is. */
import { Problem } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { isObject, type Json, list, number, text } from "../api/wire.ts";

export type Act = "replay" | "discard";

export type Outcome =
  | { kind: "replayed"; as: string | undefined }
  | { kind: "discarded" }
  | { kind: "refused"; trouble: Spoken };

export type Outcomes = Record<string, Outcome>;

export const AT_ONCE = 10;

export type Post = (path: string, body: Json) => Promise<Json>;

/** Tells of each request's outcomes as they come. Ends with what the first request that fails throws. */
export async function actOnMany(
  post: Post,
  what: Act,
  ids: string[],
  onDone: (outcomes: Outcomes) => void,
): Promise<void> {
  for (let begin = 0; begin < ids.length; begin += AT_ONCE) {
    const job_ids = ids.slice(begin, begin + AT_ONCE);
    onDone(readOutcomes(await post(`/v1/dlq/${what}`, { job_ids })));
  }
}

export function readOutcomes(raw: Json): Outcomes {
  return Object.fromEntries(
    list(raw.items).flatMap((item) => {
      const job_id = isObject(item) ? text(item.job_id) : undefined;
      return isObject(item) && job_id ? [[job_id, readOutcome(item)]] : [];
    }),
  );
}

function readOutcome(item: Json): Outcome {
  if (item.status === "replayed") return { kind: "replayed", as: text(item.replayed_as) };
  if (item.status === "discarded") return { kind: "discarded" };
  const problem = isObject(item.problem) ? item.problem : {};
  return { kind: "refused", trouble: speak(new Problem(number(problem.status) ?? 500, problem)) };
}

/** What is decided for good; a refusal leaves the letter where it is. */
export const isDecided = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined && outcome.kind !== "refused";
