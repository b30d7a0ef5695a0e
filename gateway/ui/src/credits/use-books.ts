/** The balance, live: the stream of the organisation tells that it moved, the API tells the rest. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { type Connection, follow } from "../api/stream.ts";
import { isObject, number } from "../api/wire.ts";
import { type Answer, useAnswer } from "../kit/use-answer.ts";
import type { Credits, Frame } from "../state/model.ts";
import type { Balances } from "./model.ts";
import { readBalances } from "./wire.ts";

/** Many entries in a row are read once. */
const SETTLE_MS = 300;

export interface Books {
  balances: Balances | undefined;
  answer: Answer<Balances>;
  /** Counts the times that the books have moved. */
  moved: number;
}

interface Told {
  onCredits: (credits: Credits) => void;
  onConnection: (connection: Connection) => void;
}

export function useBooks(client: Client, { onCredits, onConnection }: Told): Books {
  const [moved, setMoved] = useState(0);
  const [live, setLive] = useState<Credits | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const answer = useAnswer(client, "/v1/credits", readBalances, moved);
  const onFrame = useCallback(
    (frame: Frame) => {
      const credits = creditsOf(frame);
      if (!credits) return;
      setLive(credits);
      onCredits(credits);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setMoved((count) => count + 1), SETTLE_MS);
    },
    [onCredits],
  );
  useEffect(() => {
    const leaving = new AbortController();
    const onRefused = (status: number) => {
      if (status === 401) client.onKeyRefused();
      else onConnection("offline");
    };
    const options = { path: "/v1/stream", headers: client.headers(), onOpen: () => undefined };
    void follow({ ...options, onFrame, onConnection, onRefused }, leaving.signal);
    return () => {
      leaving.abort();
      clearTimeout(timer.current);
    };
  }, [client, onFrame, onConnection]);
  const balances = answer.value && live ? { ...answer.value, ...live } : answer.value;
  return { balances, answer, moved };
}

function creditsOf({ event, data }: Frame): Credits | undefined {
  if (event !== "credits.changed" || !isObject(data)) return undefined;
  const [available, reserved] = [number(data.available), number(data.reserved)];
  return available === undefined || reserved === undefined ? undefined : { available, reserved };
}
