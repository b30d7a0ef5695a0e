/** A question about the books that got no answer, in words: what is missing and what to do. */
import { Problem } from "../api/client.ts";
import { speak } from "../api/problems.ts";
import type { Trouble } from "../kit/trouble-note.tsx";

export function troubleOf(error: unknown, what: string): Trouble {
  if (error instanceof Problem && (error.status === 404 || error.status === 405))
    return {
      title: `${what} is not available here`,
      detail:
        "Either this platform does not offer it yet, or your books have nothing of that name. The rest of this page still holds.",
      final: true,
    };
  if (error instanceof Problem && error.status === 403)
    return {
      title: `${what} is not for this key`,
      detail: "Ask an administrator of your organisation for a key with the role auditor or admin.",
      final: true,
    };
  const spoken = speak(error);
  return { title: `${what} could not be read. ${spoken.title}`, detail: spoken.detail };
}
