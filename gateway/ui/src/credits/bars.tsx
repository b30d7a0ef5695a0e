/** A bar a day, stacked. Arrow keys walk the days, each says its figures; the table behind holds the same. */
import { useRef } from "react";
import { exact } from "../kit/money.ts";
import { longDay, shortDay } from "../kit/times.ts";
import { type Day, type Stack, ticksOf } from "./usage.ts";

interface BarsProps {
  stack: Stack;
  labelOf: (key: string) => string;
  shown: string | null;
  onShow: (day: string | null) => void;
}

export const seriesColour = (index: number): string => `var(--series-${index + 1})`;

export function Bars({ stack, labelOf, shown, onShow }: BarsProps) {
  const days = useRef<HTMLFieldSetElement>(null);
  const ticks = ticksOf(Math.max(...stack.days.map(({ spent }) => spent)));
  const top = ticks.at(-1) || 1;
  const reachable = shown ?? stack.days.at(-1)?.day;
  const walk = (event: React.KeyboardEvent) => {
    const at = stack.days.findIndex(({ day }) => day === reachable);
    const next = stepOf(event.key, at, stack.days.length);
    if (next === undefined) return;
    event.preventDefault();
    days.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div className="bars">
      <div className="bars-axis" aria-hidden="true">
        {ticks.map((tick) => (
          <span key={tick} style={{ bottom: `${(tick / top) * 100}%` }}>
            {tickText(tick, top)}
          </span>
        ))}
      </div>
      <div className="bars-plot">
        {ticks.map((tick) => (
          <i key={tick} className="bars-line" style={{ bottom: `${(tick / top) * 100}%` }} />
        ))}
        <fieldset ref={days} className="bars-days" onKeyDown={walk} onPointerLeave={() => onShow(null)}>
          <legend className="sr-only">Spending by day; the arrow keys walk the days</legend>
          {stack.days.map((day) => (
            <button
              key={day.day}
              type="button"
              className="bars-day"
              tabIndex={day.day === reachable ? 0 : -1}
              aria-label={dayText(day, labelOf)}
              aria-current={day.day === shown ? "date" : undefined}
              onFocus={() => onShow(day.day)}
              onBlur={() => onShow(null)}
              onPointerEnter={() => onShow(day.day)}
            >
              <Bar day={day} stack={stack} top={top} />
            </button>
          ))}
        </fieldset>
      </div>
      <Dates days={stack.days} />
    </div>
  );
}

function Bar({ day, stack, top }: { day: Day; stack: Stack; top: number }) {
  const rank = (key: string): number => stack.series.findIndex((one) => one.key === key);
  return (
    <span className="bar" style={{ height: `${(day.spent / top) * 100}%` }}>
      {day.parts.map(({ key, spent }) => (
        <span key={key} style={{ flexGrow: spent, background: seriesColour(rank(key)) }} />
      ))}
    </span>
  );
}

function Dates({ days }: { days: readonly Day[] }) {
  const every = days.length <= 7 ? 1 : days.length <= 30 ? 5 : 15;
  return (
    <div className="bars-dates" aria-hidden="true">
      {days.map(({ day }, index) => (
        <span key={day}>{(days.length - 1 - index) % every === 0 ? <b>{shortDay(day)}</b> : null}</span>
      ))}
    </div>
  );
}

/** The step between marks decides how many decimals tell them apart. */
function tickText(tick: number, top: number): string {
  const [whole, rest] = exact(tick).split(".");
  return top >= 4000 ? (whole ?? "") : `${whole}.${rest?.slice(0, top >= 400 ? 1 : 3)}`;
}

export function dayText(
  { day, spent, refunded, jobs, parts }: Day,
  labelOf: (key: string) => string,
): string {
  const each = parts.map((part) => `${labelOf(part.key)} ${exact(part.spent)}`).join(", ");
  const back = refunded > 0 ? `, ${exact(refunded)} refunded` : "";
  const of = `${exact(spent)} credits in ${jobs} ${jobs === 1 ? "job" : "jobs"}${back}`;
  return `${longDay(day)}: ${of}${each ? ` (${each})` : ""}`;
}

function stepOf(key: string, at: number, count: number): number | undefined {
  const targets: Record<string, number> = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: count - 1 };
  const next = targets[key];
  return next === undefined ? undefined : Math.min(count - 1, Math.max(0, next));
}
