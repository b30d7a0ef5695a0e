/** Days and times. Books are kept in UTC days; clock times are shown in the reader's own zone. */

const DAY_MS = 86_400_000;

/** The UTC day of a moment: "2026-11-26". */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);

export const daysBefore = (at: Date, days: number): Date => new Date(at.getTime() - days * DAY_MS);

/** The last `count` UTC days up to and with that of `now`, oldest first. */
export const lastDays = (count: number, now: Date): string[] =>
  Array.from({ length: count }, (_, index) => dayOf(daysBefore(now, count - 1 - index)));

export const startOfDay = (day: string): string => `${day}T00:00:00Z`;
export const dayAfter = (day: string): string => dayOf(new Date(Date.parse(startOfDay(day)) + DAY_MS));

/** "26 Nov", of a UTC day. */
export const shortDay = (day: string): string =>
  new Date(startOfDay(day)).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** "Thursday, 26 November 2026", of a UTC day. */
export const longDay = (day: string): string =>
  new Date(startOfDay(day)).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });

/** The reader's calendar day of a moment, as a heading of a list. */
export function headingOf(at: string, now: Date): string {
  const day = new Date(at);
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === daysBefore(now, 1).toDateString()) return "Yesterday";
  return day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}

export const clock = (at: string): string =>
  new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const moment = (at: string): string =>
  `${new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${clock(at)}`;

/** What a `datetime-local` field holds for a moment, in the reader's zone. */
export function localField(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** How long after another moment something was: "+1.2 s", "+3 min". */
export function sinceText(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  if (!Number.isFinite(ms) || ms < 0) return "";
  if (ms < 1000) return `+${Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `+${Math.round(ms / 60_000)} min`;
  return `+${(ms / 3_600_000).toFixed(1)} h`;
}
