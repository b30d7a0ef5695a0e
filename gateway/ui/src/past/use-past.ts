/** The shell around a plan's past: reads its whole history, and the plan as it was at the moment that is looked at. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { readPlan } from "../api/wire.ts";
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
  const plan = usePlanAt(client, plan_id, happenings[index], setTrouble);
  const look = useCallback(
    (next: number) => setIndex(Math.max(0, Math.min(happenings.length - 1, next))),
    [happenings.length],
  );
  return { happenings, index, plan, trouble, look };
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

function usePlanAt(
  client: Client,
  plan_id: string,
  happening: Happening | undefined,
  onTrouble: (trouble: Spoken | null) => void,
): Plan | undefined {
  const [plan, setPlan] = useState<Plan | undefined>(undefined);
  const known = useRef(new Map<string, Plan>());
  const position = happening?.position;
  useEffect(() => {
    if (!position) return;
    const there = known.current.get(position);
    if (there) {
      setPlan(there);
      return;
    }
    const timer = setTimeout(() => {
      client.get(`/v1/plans/${plan_id}?at=${encodeURIComponent(position)}`).then(
        (raw) => {
          const read = readPlan(raw);
          if (!read) return;
          if (known.current.size >= KEPT_MAX) known.current.clear();
          known.current.set(position, read);
          setPlan(read);
          onTrouble(null);
        },
        (error: unknown) => onTrouble(speak(error)),
      );
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [client, plan_id, position, onTrouble]);
  return plan;
}
