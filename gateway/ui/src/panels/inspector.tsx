/** Everything about one step: what it is to do, with what, how it went, what came out, what it cost. */
import { useEffect, useRef } from "react";
import type { Client } from "../api/client.ts";
import { STEP_ADVICE } from "../api/problems.ts";
import { Preview } from "../canvas/preview.tsx";
import { CostBadge, ProgressRing, StatusBadge } from "../canvas/status.tsx";
import { durationText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { fileName, mediumColour, mediumLabel, mediumOf } from "../kit/media.ts";
import type { Asset, Step } from "../state/model.ts";
import { type StepActions, StepActs } from "./step-acts.tsx";

interface InspectorProps {
  step: Step;
  steps: Step[];
  /** What is not quite as it was asked for. */
  notes?: string[] | undefined;
  client: Client;
  busy: boolean;
  /** Absent while the past is looked at. */
  act: StepActions | undefined;
  onClose: () => void;
}

export function Inspector({ step, steps, notes = [], client, busy, act, onClose }: InspectorProps) {
  const title = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows to each step that is opened
  useEffect(() => title.current?.focus(), [step.key]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose]);
  return (
    <aside
      className="inspector"
      aria-label={`Step: ${step.title}`}
      style={{ "--medium": mediumColour(step.agent_type) } as React.CSSProperties}
      data-testid="inspector"
    >
      <header className="inspector-head">
        <span className="step-icon">
          <Icon name={mediumOf(step.agent_type)} size={18} />
        </span>
        <h2 ref={title} tabIndex={-1}>
          {step.title || "Untitled step"}
        </h2>
        <button type="button" className="button quiet round" aria-label="Close the step" onClick={onClose}>
          <Icon name="cross" size={16} />
        </button>
      </header>
      <div className="inspector-body">
        <Trouble step={step} steps={steps} />
        {notes.map((note) => (
          <div key={note} className="notice wait">
            <Icon name="alert" size={16} />
            <p>{note}</p>
          </div>
        ))}
        {step.outputs.map((asset) => (
          <Output key={asset.asset_id ?? asset.url} asset={asset} title={step.title} />
        ))}
        {step.status === "running" ? <ProgressRing progress={step.progress} label="Progress" /> : null}
        <p className="inspector-words">{step.description}</p>
        <Facts step={step} steps={steps} />
        <Input input={step.input} />
        {act ? <StepActs key={step.key} step={step} client={client} busy={busy} act={act} /> : null}
      </div>
    </aside>
  );
}

function Trouble({ step, steps }: { step: Step; steps: Step[] }) {
  if (step.status === "blocked") {
    const cause = steps.find((other) => other.step_id === step.because || other.key === step.because);
    return (
      <div className="notice plain">
        <Icon name="lock" size={16} />
        <p>
          <strong>Blocked.</strong> It needs {cause ? `“${cause.title}”` : "a step before it"}, which did not
          finish.
        </p>
      </div>
    );
  }
  if (step.status !== "failed") return null;
  const category = step.error?.category ?? "unknown";
  const advice = STEP_ADVICE[category] ?? STEP_ADVICE.unknown;
  return (
    <div className="notice bad">
      <Icon name="alert" size={16} />
      <div>
        <p>
          <strong>{advice?.title}</strong> <span className="mono">{category}</span>
        </p>
        {step.error?.detail ? <p>{step.error.detail}</p> : null}
        <p>{advice?.todo}</p>
      </div>
    </div>
  );
}

function Output({ asset, title }: { asset: Asset; title: string }) {
  const size = asset.width && asset.height ? `${asset.width} × ${asset.height}` : undefined;
  const length = asset.duration_s === undefined ? undefined : durationText(asset.duration_s);
  return (
    <figure className="output">
      <div className="output-frame">
        <Preview asset={asset} title={title} large />
      </div>
      <figcaption>
        <span>{[asset.media_type, size, length].filter(Boolean).join(" · ")}</span>
        <a className="button small" href={asset.url} download={fileName(asset, title)}>
          <Icon name="download" size={14} /> Download
        </a>
      </figcaption>
      {asset.engine ? (
        <p className="engine">
          <span className="mono">{asset.engine}</span>, made by a local stand-in engine
        </p>
      ) : null}
    </figure>
  );
}

/** Why a step went on with another model. */
const WHY: Record<string, string> = {
  content_policy: "which refused the content",
  billing: "whose provider had no credit left",
  outage: "whose provider was down",
  rate_limit: "whose provider was too busy",
  timeout: "which took too long",
  contract: "which answered what it should not",
  lease_expired: "which was lost sight of",
  input_validation: "which did not fit, or was too dear",
};

function Facts({ step, steps }: { step: Step; steps: Step[] }) {
  const sources = step.depends_on.map((key) => steps.find((other) => other.key === key)?.title ?? key);
  return (
    <dl className="facts">
      <dt>Status</dt>
      <dd>
        <StatusBadge step={step} />
      </dd>
      <dt>Makes</dt>
      <dd>{mediumLabel(step.agent_type)}</dd>
      <dt>Model</dt>
      <dd className="mono">{step.model ?? "to be chosen"}</dd>
      {!step.fallbacks?.length ? null : (
        <>
          <dt>Instead of</dt>
          <dd>
            {step.fallbacks.map((one) => (
              <div key={one.from_model}>
                <span className="mono">{one.from_model}</span>, {WHY[one.category] ?? "which failed"}
              </div>
            ))}
          </dd>
        </>
      )}
      {step.reused_from ? (
        <>
          <dt>Reused</dt>
          <dd>
            an earlier, equal result, free of charge (<span className="mono">{step.reused_from}</span>)
          </dd>
        </>
      ) : null}
      <dt>Needs</dt>
      <dd>{sources.length > 0 ? sources.join(", ") : "nothing before it"}</dd>
      <dt>Cost</dt>
      <dd>{step.cost ? <CostBadge step={step} /> : "not priced yet"}</dd>
      {!step.attempts ? null : (
        <>
          <dt>Attempts</dt>
          <dd>{step.attempts}</dd>
        </>
      )}
    </dl>
  );
}

function Input({ input }: { input: Record<string, unknown> | undefined }) {
  const entries = Object.entries(input ?? {});
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>Input</h3>
      <dl className="input">
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
