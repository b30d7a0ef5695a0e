/** All lines of the books about one job: together they add up to what it cost. */
import { exact, signed, sum } from "../kit/money.ts";
import { clock } from "../kit/times.ts";
import { addressOf, follow } from "../route.ts";
import type { Cause, Entry, Names } from "./model.ts";
import { movesOf, titleOf } from "./words.ts";

interface SiblingLinesProps {
  lines: readonly Entry[];
  entry: Entry;
  cause: Cause | undefined;
  names: Names;
}

export function SiblingLines({ lines, entry, cause, names }: SiblingLinesProps) {
  const spent = sum(lines.map((line) => movesOf(line).spent));
  const free = sum(lines.map((line) => movesOf(line).free));
  return (
    <section>
      <h3>All lines of this job</h3>
      <ol className="siblings" data-testid="siblings">
        {lines.map((line) => (
          <li key={line.entry_id} aria-current={line.entry_id === entry.entry_id ? "true" : undefined}>
            <time dateTime={line.at}>{clock(line.at)}</time>
            <a href={addressOf({ view: "credits", entry: line.entry_id })} onClick={follow}>
              {titleOf({ entry: line, ...(cause ? { cause } : {}) }, names)}
            </a>
            <span>{signed(movesOf(line).free)}</span>
          </li>
        ))}
      </ol>
      <p className="quiet-words">
        {free === -spent
          ? `Together ${signed(free)}: exactly what was spent.`
          : `Together ${signed(free)}: ${exact(spent)} spent, ${exact(-free - spent)} still reserved.`}
      </p>
    </section>
  );
}
