/** The shell around a plan's past: reads its whole history, and the plan as it was at the moment that is looked at. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { isObject, number, readPlan } from "../api/wire.ts";
import type { Plan } from "../state/model.ts";
import { type Happening, readHistory } from "./wire.ts";

const PAGE = 200;
const EVENTS_MAX = 5000;
const KEPT_MAX = 300;
/** While the handle is dragged, only where it rests is asked for. */
const REST_MS = 90;

export interface Past {
  happenings: Happening[];
  /** Which of them is looked at. */
  index: number;
  /** The plan just after it; the one looked at before, while it is read. */
  plan: Plan | undefined;
  /** Millicredits that the organisation had left then. */
  available: number | undefined;
  trouble: Spoken | null;
  look: (index: number) => void;
}

export function usePast(client: Client, plan_id: string): Past {
  const [happenings, setHappenings] = useState<Happening[]>([]);
  const [index, setIndex] = useState(0);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  useEffect(() => {
    let wanted = true;
    readWhole(client, plan_id).then(
      (found) => {
        if (!wanted) return;
        setHappenings(found);
        setIndex(Math.max(0, found.length - 1));
      },
      (error: unknown) => wanted && setTrouble(speak(error)),
    );
    return () => {
      wanted = false;
    };
  }, [client, plan_id]);
  const then = usePlanAt(client, plan_id, happenings[index], setTrouble);
  const look = useCallback(
    (next: number) => setIndex(Math.max(0, Math.min(happenings.length - 1, next))),
    [happenings.length],
  );
  return { happenings, index, plan: then?.plan, available: then?.available, trouble, look };
}

async function readWhole(client: Client, plan_id: string): Promise<Happening[]> {
  const found: Happening[] = [];
  let cursor: string | undefined;
  do {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = readHistory(await client.get(`/v1/plans/${plan_id}/history?limit=${PAGE}${more}`));
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor && found.length < EVENTS_MAX);
  return found;
}

interface Then {
  plan: Plan;
  available: number | undefined;
}

function usePlanAt(
  client: Client,
  plan_id: string,
  happening: Happening | undefined,
  onTrouble: (trouble: Spoken | null) => void,
): Then | undefined {
  const [then, setThen] = useState<Then | undefined>(undefined);
  const known = useRef(new Map<string, Then>());
  const position = happening?.position;
  useEffect(() => {
    if (!position) return;
    const there = known.current.get(position);
    if (there) {
      setThen(there);
      return;
    }
    const timer = setTimeout(() => {
      client.get(`/v1/plans/${plan_id}?at=${encodeURIComponent(position)}`).then(
        (raw) => {
          const plan = readPlan(raw);
          if (!plan) return;
          const read = { plan, available: isObject(raw.credits) ? number(raw.credits.available) : undefined };
          if (known.current.size >= KEPT_MAX) known.current.clear();
          known.current.set(position, read);
          setThen(read);
          onTrouble(null);
        },
        (error: unknown) => onTrouble(speak(error)),
      );
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [client, plan_id, position, onTrouble]);
  return then;
}
