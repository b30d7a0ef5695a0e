/** Drag through the life of a plan: each event with its cause and its cost, and a fork from any of them. */

import { creditsText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { clock, moment } from "../kit/times.ts";
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
  const { happenings, index, look } = past;
  const shown = happenings[index];
  return (
    <section className="scrubber" aria-label="The life of this plan" data-testid="scrubber">
      <div className="scrubber-words">
        {shown ? (
          <Words happening={shown} titles={titles} available={past.available} />
        ) : (
          <p>{past.trouble?.title ?? "Reading the past"}</p>
        )}
        <button
          type="button"
          className="button small"
          disabled={busy || !shown || !forkable(happenings, index)}
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
          <Ticks happenings={happenings} index={index} />
          <input
            type="range"
            min={0}
            max={Math.max(0, happenings.length - 1)}
            value={index}
            disabled={happenings.length === 0}
            aria-label="Moment"
            aria-valuetext={shown ? `${sentence(shown, titles)}, ${moment(shown.at)}` : "nothing yet"}
            onChange={(event) => look(Number(event.target.value))}
          />
        </div>
        <Jump by={1} past={past} />
      </div>
    </section>
  );
}

/** Before models were chosen there is nothing that could run. */
function forkable(happenings: Happening[], index: number): boolean {
  const first = happenings.findIndex(({ event }) => event === "fields_verified");
  return first >= 0 && index >= first;
}

interface WordsProps {
  happening: Happening;
  titles: Record<string, string>;
  available: number | undefined;
}

function Words({ happening, titles, available }: WordsProps) {
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
        <span title={happening.cause.job_id}>{causeText(happening)}</span>
        <span className="scrubber-cost">{costText(happening)}</span>
        {available === undefined ? null : <span>{creditsText(available)} left then</span>}
      </p>
    </div>
  );
}

function Jump({ by, past }: { by: 1 | -1; past: Past }) {
  const at_end = by < 0 ? past.index === 0 : past.index >= past.happenings.length - 1;
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

/** Beyond this many, marks would only be a blur. */
const MARKS_MAX = 400;

function Ticks({ happenings, index }: { happenings: Happening[]; index: number }) {
  if (happenings.length > MARKS_MAX) return null;
  const last = Math.max(1, happenings.length - 1);
  return (
    <div className="scrubber-ticks" aria-hidden="true">
      {happenings.map((happening, place) => (
        <span
          key={happening.version}
          className={`tone-${toneOf(happening)}${place <= index ? " passed" : ""}`}
          style={{ left: `${(place / last) * 100}%` }}
        />
      ))}
    </div>
  );
}
