/** Drag through the life of a plan: each event with its cause and its cost, and a fork from any of them. */

import { creditsText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { clock, moment } from "../kit/times.ts";
import { MARKS_MAX } from "./pages.ts";
import type { Past } from "./use-past.ts";
import type { Happening } from "./wire.ts";
import { causeText, costText, sentence, toneOf } from "./words.ts";

interface ScrubberProps {
  past: Past;
  titles: Record<string, string>;
  busy: boolean;
  onFork: (position: string) => void;
  onClose: () => void;
}

export function Scrubber({ past, titles, busy, onFork, onClose }: ScrubberProps) {
  const { total, index, happening: shown, look } = past;
  const place = `Event ${count(index + 1)} of ${count(total)}`;
  return (
    <section className="scrubber" aria-label="The life of this plan" data-testid="scrubber">
      <div className="scrubber-words">
        {shown ? (
          <Words happening={shown} titles={titles} place={place} available={past.available} />
        ) : (
          <p className="scrubber-reading">
            {past.trouble?.title ?? (total > 0 ? `${place}: reading it` : "Reading the past")}
          </p>
        )}
        <button
          type="button"
          className="button small"
          disabled={busy || !forkable(past)}
          title="A new plan that begins here; what was done by then is kept and not paid again"
          onClick={() => shown && onFork(shown.position)}
        >
          <Icon name="graph" size={14} /> Fork from here
        </button>
        <button type="button" className="button small primary" onClick={onClose}>
          Back to now
        </button>
      </div>
      <div className="scrubber-track">
        <Jump by={-1} past={past} />
        <div className="scrubber-line">
          <Ticks past={past} />
          <input
            type="range"
            min={0}
            max={Math.max(0, total - 1)}
            value={index}
            disabled={total === 0}
            aria-label="Moment"
            aria-valuetext={shown ? `${place}: ${sentence(shown, titles)}, ${moment(shown.at)}` : place}
            onChange={(event) => look(Number(event.target.value))}
          />
        </div>
        <Jump by={1} past={past} />
      </div>
    </section>
  );
}

const count = (events: number): string => events.toLocaleString("en");

/** Before models were chosen there is nothing that could run. */
const forkable = ({ plan, settled }: Past): boolean =>
  settled &&
  plan !== undefined &&
  plan.status !== "drafting" &&
  plan.steps.length > 0 &&
  plan.steps.every(({ model }) => model !== undefined);

interface WordsProps {
  happening: Happening;
  titles: Record<string, string>;
  place: string;
  available: number | undefined;
}

function Words({ happening, titles, place, available }: WordsProps) {
  return (
    <div className="scrubber-said" aria-live="polite">
      <p>
        <span className={`scrubber-dot tone-${toneOf(happening)}`} aria-hidden="true" />
        <strong data-testid="happening">{sentence(happening, titles)}</strong>
        <time dateTime={happening.at} title={moment(happening.at)}>
          {clock(happening.at)}
        </time>
      </p>
      <p className="scrubber-why">
        <span>{place}</span>
        <span title={happening.cause.job_id}>{causeText(happening)}</span>
        <span className="scrubber-cost">{costText(happening)}</span>
        {available === undefined ? null : <span>{creditsText(available)} left then</span>}
      </p>
    </div>
  );
}

function Jump({ by, past }: { by: 1 | -1; past: Past }) {
  const at_end = by < 0 ? past.index === 0 : past.index >= past.total - 1;
  return (
    <button
      type="button"
      className="button quiet round"
      aria-label={by < 0 ? "The event before" : "The event after"}
      disabled={at_end}
      onClick={() => past.look(past.index + by)}
    >
      <span className={by < 0 ? "" : "turned"}>
        <Icon name="back" size={15} />
      </span>
    </button>
  );
}

function Ticks({ past: { total, pages, index } }: { past: Past }) {
  if (total > MARKS_MAX) return null;
  const last = Math.max(1, total - 1);
  return (
    <div className="scrubber-ticks" aria-hidden="true">
      {[...pages.values()].flat().map((happening) => (
        <span
          key={happening.version}
          className={`tone-${toneOf(happening)}${happening.version <= index + 1 ? " passed" : ""}`}
          style={{ left: `${((happening.version - 1) / last) * 100}%` }}
        />
      ))}
    </div>
  );
}
