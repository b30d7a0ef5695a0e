/** The history by day, newest first; older pages on demand. */
import { useMemo } from "react";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { headingOf } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { HistoryRow } from "./history-row.tsx";
import type { Line, Names } from "./model.ts";
import type { Proof } from "./proof.ts";
import { type Filter, isNarrowed } from "./query.ts";
import { troubleOf } from "./trouble.ts";
import type { Paged } from "./use-history.ts";

interface HistoryListProps {
  history: Paged;
  filter: Filter;
  names: Names;
  proof: Proof | null;
  open: string | undefined;
}

export function HistoryList({ history, filter, names, proof, open }: HistoryListProps) {
  const { lines, loaded, error } = history;
  const days = useMemo(() => byDay(lines), [lines]);
  if (!loaded && error !== undefined)
    return <TroubleNote trouble={troubleOf(error, "The history")} onAgain={history.again} />;
  if (!loaded) return <Skeleton lines={8} label="Reading the history" />;
  if (lines.length === 0 && !history.cursor) return <Empty filter={filter} />;
  const provenOf = (entry_id: string) =>
    proof === null ? undefined : proof.faults[entry_id] ? ("bad" as const) : ("good" as const);
  return (
    <>
      <div className="row-heads" aria-hidden="true">
        <span>What happened</span>
        <span>Change</span>
        <span>Left to spend</span>
        <span>Time</span>
      </div>
      {days.map(({ heading, lines: of_day }) => (
        <section key={heading} className="day" aria-label={heading}>
          <h3>{heading}</h3>
          <ol>
            {of_day.map((line) => (
              <HistoryRow
                key={line.entry.entry_id}
                line={line}
                names={names}
                open={line.entry.entry_id === open}
                proven={provenOf(line.entry.entry_id)}
              />
            ))}
          </ol>
        </section>
      ))}
      <Older history={history} />
    </>
  );
}

function byDay(lines: readonly Line[]): { heading: string; lines: Line[] }[] {
  const now = new Date();
  const days = new Map<string, Line[]>();
  for (const line of lines) {
    const heading = headingOf(line.entry.at, now);
    days.set(heading, [...(days.get(heading) ?? []), line]);
  }
  return [...days].map(([heading, of_day]) => ({ heading, lines: of_day }));
}

function Empty({ filter }: { filter: Filter }) {
  if (isNarrowed(filter))
    return <p className="empty-words">No line fits. Take a filter away, or search for other words.</p>;
  if (filter.as_of) return <p className="empty-words">The books were still empty then.</p>;
  return (
    <p className="empty-words">
      The books are empty. They begin with the first credits that your platform's administrator grants.
    </p>
  );
}

function Older({ history }: { history: Paged }) {
  const { cursor, asking, error, lines, older } = history;
  if (error !== undefined) return <TroubleNote trouble={troubleOf(error, "Older lines")} onAgain={older} />;
  if (!cursor)
    return (
      <p className="quiet-words day-end">
        {lines.length === 1 ? "This is the only line." : `These are all ${lines.length} lines.`}
      </p>
    );
  return (
    <button type="button" className="button older" disabled={asking} onClick={older}>
      <Icon name="clock" size={15} /> {asking ? "Reading older lines" : "Show older lines"}
    </button>
  );
}
