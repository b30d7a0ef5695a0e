/** A question about the books that got no answer, in words: what is missing and what to do. */
import { Problem } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";

export function troubleOf(error: unknown, what: string): Spoken {
  if (error instanceof Problem && (error.status === 404 || error.status === 405))
    return {
      title: `${what} cannot be had here`,
      detail: "This platform does not offer it yet. Everything else on this page still holds.",
    };
  if (error instanceof Problem && error.status === 403)
    return {
      title: `${what} is not for this key`,
      detail: "Ask an administrator of your organisation for a key with the role auditor or admin.",
    };
  const spoken = speak(error);
  return { title: `${what} could not be read. ${spoken.title}`, detail: spoken.detail };
}
