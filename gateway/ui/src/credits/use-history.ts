/** The history as the API tells it page by page, with what is new laid on top. */
import { useCallback, useEffect, useReducer } from "react";
import type { Client } from "../api/client.ts";
import { emptyHistory, type History, reduceHistory } from "./history.ts";
import { type Filter, ledgerPath } from "./query.ts";
import { readLedger } from "./wire.ts";

export interface Paged extends History {
  older: () => void;
  again: () => void;
}

export function useHistory(client: Client, filter: Filter, moved: number): Paged {
  const path = ledgerPath(filter);
  const [history, dispatch] = useReducer(reduceHistory, { ...emptyHistory, path });
  const read = useCallback(
    (type: "first" | "older" | "newer", asked: string) =>
      client.get(asked).then(
        (raw) => dispatch({ type, path, page: readLedger(raw) }),
        (error: unknown) => {
          // What is new is asked for again with the next movement.
          if (type !== "newer") dispatch({ type: "failed", path, error });
        },
      ),
    [client, path],
  );
  useEffect(() => {
    dispatch({ type: "asked", path });
    void read("first", path);
  }, [read, path]);
  useEffect(() => {
    // What is past does not move.
    if (moved > 0 && filter.as_of === "") void read("newer", path);
  }, [read, path, moved, filter.as_of]);
  const older = () => {
    if (!history.cursor) return;
    dispatch({ type: "asking", path });
    void read("older", ledgerPath(filter, history.cursor));
  };
  const again = () => {
    dispatch({ type: "asked", path });
    void read("first", path);
  };
  return { ...history, older, again };
}
