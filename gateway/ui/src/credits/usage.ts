/** What was spent on each day, stacked by model or by project: the figures behind the chart. */
import { sum } from "../kit/money.ts";
import { dayAfter, lastDays, startOfDay } from "../kit/times.ts";
import type { Usage } from "./model.ts";

export type By = "model" | "project";
export const RANGES = [7, 30, 90] as const;
export type Range = (typeof RANGES)[number];

/** More colours than this cannot be told apart: what spent least is shown together. */
export const SERIES_MAX = 6;
export const OTHERS = "others";

export interface Series {
  key: string;
  spent: number;
  jobs: number;
}

export interface Day {
  day: string;
  spent: number;
  refunded: number;
  jobs: number;
  /** In the order of the series; only those that spent. */
  parts: { key: string; spent: number }[];
}

export interface Stack {
  series: Series[];
  days: Day[];
  spent: number;
  refunded: number;
  jobs: number;
}

export function usagePath(by: By, range: Range, now: Date): string {
  const days = lastDays(range, now);
  const query = new URLSearchParams({
    by,
    from: startOfDay(days[0] ?? ""),
    to: startOfDay(dayAfter(days.at(-1) ?? "")),
  });
  return `/v1/credits/usage?${query}`;
}

export function stackOf(usage: readonly Usage[], range: Range, now: Date): Stack {
  const days = lastDays(range, now);
  const shown = usage.filter(({ day }) => days.includes(day));
  const series = seriesOf(shown);
  return {
    series,
    days: days.map((day) =>
      dayOfUsage(
        day,
        shown.filter((one) => one.day === day),
        series,
      ),
    ),
    ...totals(shown),
  };
}

const totals = (usage: readonly Usage[]): { spent: number; refunded: number; jobs: number } => ({
  spent: sum(usage.map(({ spent }) => spent)),
  refunded: sum(usage.map(({ refunded }) => refunded)),
  jobs: sum(usage.map(({ jobs }) => jobs)),
});

function seriesOf(usage: readonly Usage[]): Series[] {
  const by_key = new Map<string, Series>();
  for (const { key, spent, jobs } of usage) {
    const known = by_key.get(key) ?? { key, spent: 0, jobs: 0 };
    by_key.set(key, { key, spent: known.spent + spent, jobs: known.jobs + jobs });
  }
  const ranked = [...by_key.values()]
    .filter(({ spent }) => spent > 0)
    .sort((one, other) => other.spent - one.spent || one.key.localeCompare(other.key));
  if (ranked.length <= SERIES_MAX) return ranked;
  const rest = ranked.slice(SERIES_MAX - 1);
  const others = {
    key: OTHERS,
    spent: sum(rest.map(({ spent }) => spent)),
    jobs: sum(rest.map(({ jobs }) => jobs)),
  };
  return [...ranked.slice(0, SERIES_MAX - 1), others];
}

function dayOfUsage(day: string, usage: readonly Usage[], series: readonly Series[]): Day {
  const named = new Set(series.map(({ key }) => key));
  const spentOn = (key: string): number =>
    sum(usage.filter((one) => (named.has(one.key) ? one.key : OTHERS) === key).map(({ spent }) => spent));
  const parts = series.map(({ key }) => ({ key, spent: spentOn(key) })).filter(({ spent }) => spent > 0);
  return { day, ...totals(usage), parts };
}

/** Marks of the vertical axis: few, round, whole millicredits, the last at or above the highest day. */
export function ticksOf(highest: number): number[] {
  if (highest <= 0) return [0];
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, Math.round(([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power));
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, index) => index * step);
}
