/** A query's answer, kept while it is asked again; an answer to an older question is dropped. */
import { useCallback, useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import type { Json } from "../api/wire.ts";

export interface Answer<T> {
  value?: T;
  error?: unknown;
  again: () => void;
}

interface Known<T> {
  path: string | null;
  value?: T;
  error?: unknown;
}

/** `read` must be the same function each time; a change of `moved` asks again and keeps what is shown. */
export function useAnswer<T>(
  client: Client,
  path: string | null,
  read: (raw: Json) => T,
  moved = 0,
): Answer<T> {
  const [known, setKnown] = useState<Known<T>>({ path });
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what has moved, or a person, asks once more
  useEffect(() => {
    if (path === null) return;
    let wanted = true;
    client
      .get(path)
      .then(read)
      .then(
        (value) => wanted && setKnown({ path, value }),
        (error: unknown) => wanted && setKnown((before) => failed(before, path, error)),
      );
    return () => {
      wanted = false;
    };
  }, [client, path, read, moved, tries]);
  const again = useCallback(() => setTries((count) => count + 1), []);
  return known.path === path ? { ...known, again } : { again };
}

/** What was known of the same question stays beside the failure. */
const failed = <T>(before: Known<T>, path: string, error: unknown): Known<T> =>
  before.path === path ? { ...before, error } : { path, error };
