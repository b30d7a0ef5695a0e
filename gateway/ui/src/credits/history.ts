/** (history, action) -> history: pages of lines, newest first, and what is new since they were read. */
import type { Balances, LedgerPage, Line } from "./model.ts";

export interface History {
  /** Which question the lines answer. */
  path: string;
  loaded: boolean;
  asking: boolean;
  lines: Line[];
  cursor?: string;
  balances?: Balances;
  error?: unknown;
}

export type Action =
  | { type: "asked"; path: string }
  | { type: "first"; path: string; page: LedgerPage }
  | { type: "older"; path: string; page: LedgerPage }
  | { type: "newer"; path: string; page: LedgerPage }
  | { type: "asking"; path: string }
  | { type: "failed"; path: string; error: unknown };

export const emptyHistory: History = { path: "", loaded: false, asking: true, lines: [] };

export function reduceHistory(history: History, action: Action): History {
  if (action.type === "asked") return { ...emptyHistory, path: action.path };
  if (action.path !== history.path) return history;
  switch (action.type) {
    case "asking":
      return withoutError({ ...history, asking: true });
    case "failed":
      return { ...history, asking: false, error: action.error };
    case "first":
      return answered(history.path, action.page);
    case "older":
      return {
        ...answered(history.path, action.page),
        lines: merged(history.lines, action.page.lines),
        ...(history.balances ? { balances: history.balances } : {}),
      };
    case "newer":
      return laidOver(history, action.page);
  }
}

const answered = (path: string, page: LedgerPage): History => ({
  path,
  loaded: true,
  asking: false,
  lines: page.lines,
  ...(page.cursor ? { cursor: page.cursor } : {}),
  ...(page.balances ? { balances: page.balances } : {}),
});

/** A newest page that does not reach the lines that are shown would leave a gap: it takes their place. */
function laidOver(history: History, page: LedgerPage): History {
  const shown = new Set(history.lines.map(({ entry }) => entry.entry_id));
  const touches = !page.cursor || page.lines.some(({ entry }) => shown.has(entry.entry_id));
  if (!touches) return answered(history.path, page);
  const { balances } = page;
  return { ...history, lines: merged(page.lines, history.lines), ...(balances ? { balances } : {}) };
}

function merged(one: readonly Line[], other: readonly Line[]): Line[] {
  const by_seq = new Map([...other, ...one].map((line) => [line.entry.seq, line]));
  return [...by_seq.values()].sort((a, b) => b.entry.seq - a.entry.seq);
}

function withoutError({ error: _, ...history }: History): History {
  return history;
}
