/** What of the history is asked for. */

export interface Filter {
  q: string;
  kind: string;
  project_id: string;
  /** A moment of the past as RFC 3339; empty: now. */
  as_of: string;
}

export const EVERYTHING: Filter = { q: "", kind: "", project_id: "", as_of: "" };
export const PAGE = 50;

/** A moment alone hides nothing that was there then. */
export const isNarrowed = ({ q, kind, project_id }: Filter): boolean =>
  q.trim() !== "" || kind !== "" || project_id !== "";

export function ledgerPath(filter: Filter, cursor?: string): string {
  const query = new URLSearchParams({ limit: String(PAGE), expand: "cause" });
  for (const [name, value] of Object.entries(filter)) if (value.trim()) query.set(name, value.trim());
  if (cursor) query.set("cursor", cursor);
  return `/v1/credits/ledger?${query}`;
}

/** From the first moment of a UTC day to the end of another. */
export function statementPath(from: string, to_exclusive: string, format: "csv" | "json"): string {
  const query = new URLSearchParams({ from, to: to_exclusive, format });
  return `/v1/credits/statement?${query}`;
}
