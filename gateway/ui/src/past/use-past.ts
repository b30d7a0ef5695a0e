/** The shell around a plan's past: reads of its history what is looked at, and the plan as it was at that moment. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { isObject, number, readPlan } from "../api/wire.ts";
import type { Plan } from "../state/model.ts";
import { at, NOTHING, type Pages, pagesShown, put, startOf } from "./pages.ts";
import { type Happening, PAGE, readHistory } from "./wire.ts";

const KEPT_MAX = 300;
/** While the handle is dragged, only where it rests is asked for. */
const REST_MS = 90;

export interface Past {
  /** How many events the plan's life has. */
  total: number;
  /** What is known of them, by place. */
  pages: Pages;
  /** Which of them is looked at. */
  index: number;
  /** What happened there; nothing while it is read. */
  happening: Happening | undefined;
  /** The plan just after it; the one looked at before, while it is read. */
  plan: Plan | undefined;
  /** Whether that is the plan just after what is looked at. */
  settled: boolean;
  /** Millicredits that the organisation had left then. */
  available: number | undefined;
  trouble: Spoken | null;
  look: (index: number) => void;
}

export function usePast(client: Client, plan_id: string): Past {
  const [total, setTotal] = useState(0);
  const [index, setIndex] = useState(0);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const onLength = useCallback((found: number) => {
    setTotal(found);
    setIndex(Math.max(0, found - 1));
  }, []);
  const pages = usePages(client, plan_id, { index, total, onLength, onTrouble: setTrouble });
  const happening = at(pages, index);
  const then = usePlanAt(client, plan_id, happening, setTrouble);
  const look = useCallback((next: number) => setIndex(Math.max(0, Math.min(total - 1, next))), [total]);
  const settled = happening !== undefined && then?.position === happening.position;
  return {
    total,
    pages,
    index,
    happening,
    plan: then?.plan,
    settled,
    available: then?.available,
    trouble,
    look,
  };
}

interface Reading {
  index: number;
  total: number;
  /** Hears once how long the life is. */
  onLength: (total: number) => void;
  onTrouble: (trouble: Spoken | null) => void;
}

/** Pages are read where the handle rests; of a short life all are. */
function usePages(client: Client, plan_id: string, { index, total, onLength, onTrouble }: Reading): Pages {
  const [pages, setPages] = useState<Pages>(NOTHING);
  const under_way = useRef(new Set<number>());
  useEffect(() => {
    const missing = pagesShown(index, total).filter(
      (page) => !pages.has(page) && !under_way.current.has(page),
    );
    if (missing.length === 0) return;
    const read = async (page: number) => {
      under_way.current.add(page);
      try {
        const path = `/v1/plans/${plan_id}/history?limit=${PAGE}&from=${startOf(page)}`;
        const found = readHistory(await client.get(path));
        setPages((before) => put(before, page, found.items));
        if (total === 0) onLength(found.total);
        onTrouble(null);
      } catch (error) {
        onTrouble(speak(error));
      } finally {
        under_way.current.delete(page);
      }
    };
    const timer = setTimeout(() => missing.map(read), total === 0 ? 0 : REST_MS);
    return () => clearTimeout(timer);
  }, [client, plan_id, index, total, pages, onLength, onTrouble]);
  return pages;
}

interface Then {
  position: string;
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
          const read = {
            position,
            plan,
            available: isObject(raw.credits) ? number(raw.credits.available) : undefined,
          };
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
