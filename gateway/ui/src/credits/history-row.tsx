/** One line of the books: what it was in words, what it changed, what was left. A click explains it. */
import { memo } from "react";
import { Icon } from "../kit/icons.tsx";
import { exact, signed, sum } from "../kit/money.ts";
import { clock, moment } from "../kit/times.ts";
import { addressOf, follow } from "../route.ts";
import type { Balances, Line, Names } from "./model.ts";
import { aboutOf, lookOf, movesOf, titleOf } from "./words.ts";

interface RowProps {
  line: Line;
  names: Names;
  open: boolean;
  proven: "good" | "bad" | undefined;
}

export const HistoryRow = memo(function HistoryRow({ line, names, open, proven }: RowProps) {
  const { entry, balances } = line;
  const look = lookOf(entry.kind);
  const { free } = movesOf(entry);
  const about = aboutOf(line, names);
  return (
    <li className={`row ${proven === "bad" ? "is-bad" : ""}`} data-testid="ledger-row" data-kind={entry.kind}>
      <a
        id={`line-${entry.entry_id}`}
        className="row-link"
        href={addressOf({ view: "credits", entry: entry.entry_id })}
        aria-current={open ? "true" : undefined}
        onClick={follow}
      >
        <span className={`row-icon is-${look.tone}`}>
          <Icon name={look.icon} size={16} />
        </span>
        <span className="row-words">
          <strong>{titleOf(line, names)}</strong>
          {about.length > 0 ? <span className="row-about">{about.join(" · ")}</span> : null}
        </span>
        <span className={`row-change ${free > 0 ? "is-more" : free < 0 ? "is-less" : "is-same"}`}>
          <span className="sr-only">Change </span>
          {signed(free)}
        </span>
        <span className="row-left">
          <span className="sr-only">Left to spend </span>
          {balances ? exact(leftOf(balances)) : ""}
        </span>
        <time className="row-time" dateTime={entry.at} title={moment(entry.at)}>
          {clock(entry.at)}
        </time>
        <Proven proven={proven} />
      </a>
    </li>
  );
});

/** What could be spent after the line: available and all that is set aside for projects. */
const leftOf = ({ available, allocations }: Balances): number => available + sum(Object.values(allocations));

function Proven({ proven }: { proven: "good" | "bad" | undefined }) {
  if (!proven) return <span className="row-proven" />;
  const words = proven === "good" ? "Recomputed in your browser" : "Does not hold";
  return (
    <span className={`row-proven is-${proven}`} title={words}>
      <Icon name={proven === "good" ? "check" : "alert"} size={14} />
      <span className="sr-only">{words}</span>
    </span>
  );
}
