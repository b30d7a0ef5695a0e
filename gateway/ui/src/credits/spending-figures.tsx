/** The figures beside the picture: of the day under the pointer or the focus, otherwise of the whole range. */
import { Figure } from "../kit/figure.tsx";
import { exact } from "../kit/money.ts";
import { longDay } from "../kit/times.ts";
import { seriesColour } from "./bars.tsx";
import type { Stack } from "./usage.ts";

interface SpendingFiguresProps {
  stack: Stack;
  labelOf: (key: string) => string;
  day: string | null;
  range: number;
}

export function SpendingFigures({ stack, labelOf, day, range }: SpendingFiguresProps) {
  const one = stack.days.find((other) => other.day === day);
  const { spent, refunded, jobs } = one ?? stack;
  const parts = stack.series.map(({ key, spent: in_all }) => ({
    key,
    amount: one ? (one.parts.find((part) => part.key === key)?.spent ?? 0) : in_all,
  }));
  return (
    <div className="spending-figures">
      <p className="spending-when">{one ? longDay(one.day) : `Last ${range} days`}</p>
      <p className="spending-sum">
        <Figure amount={spent} /> <span className="balance-unit">spent</span>
      </p>
      <p className="quiet-words">
        in {jobs.toLocaleString("en")} {jobs === 1 ? "job" : "jobs"}
        {refunded > 0 ? `, ${exact(refunded)} of it refunded` : ""}
      </p>
      <ul className="amounts">
        {parts.map(({ key, amount }, index) => (
          <li key={key} className={amount === 0 ? "is-nothing" : undefined}>
            <span>
              <span className="swatch" style={{ background: seriesColour(index) }} aria-hidden="true" />{" "}
              {labelOf(key)}
            </span>
            <strong>{exact(amount)}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
