/** What is held of a plan's life: pages of its events, those around the place that is looked at. Pure. */
import { type Happening, PAGE } from "./wire.ts";

/** By number: page 0 begins with the plan's first event. */
export type Pages = ReadonlyMap<number, readonly Happening[]>;

export const NOTHING: Pages = new Map();
/** So many events are held of a long life; those far from where the handle is are read again when it comes back. */
export const PAGES_MAX = 25;
/** Beyond this many events, marks would only be a blur; up to it the whole life is held. */
export const MARKS_MAX = 400;
/** So near to a page's end the next one is read as well. */
const NEAR = 20;

export const pageOf = (index: number): number => Math.floor(index / PAGE);

/** The number that a page's first event has in its stream. */
export const startOf = (page: number): number => page * PAGE + 1;

/** The pages that the handle's place needs. */
export function pagesShown(index: number, total: number): number[] {
  const last = pageOf(Math.max(0, total - 1));
  if (total <= MARKS_MAX) return Array.from({ length: last + 1 }, (_, page) => page);
  const around = [pageOf(index), pageOf(index - NEAR), pageOf(index + NEAR)];
  return [...new Set(around)].filter((page) => page >= 0 && page <= last);
}

/** With this page; without the one that is farthest from it, where they are too many. */
export function put(pages: Pages, page: number, found: readonly Happening[]): Pages {
  const kept = [...pages.keys(), page].sort((one, other) => Math.abs(one - page) - Math.abs(other - page));
  const near = new Set(kept.slice(0, PAGES_MAX));
  return new Map([...pages, [page, found] as const].filter(([number]) => near.has(number)));
}

/** What happened at a place, counted from 0, as far as it is known. */
export const at = (pages: Pages, index: number): Happening | undefined =>
  pages.get(pageOf(index))?.find(({ version }) => version === index + 1);
