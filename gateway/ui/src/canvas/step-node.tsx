/** A step on the canvas. The result is the node. */
import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { STEP_ADVICE } from "../api/problems.ts";
import { Icon } from "../kit/icons.tsx";
import { mediumColour, mediumLabel, mediumOf } from "../kit/media.ts";
import type { Step } from "../state/model.ts";
import { Preview } from "./preview.tsx";
import { CostBadge, lookOf, ProgressRing, StatusBadge } from "./status.tsx";

export interface StepData extends Record<string, unknown> {
  step: Step;
  /** What is not quite as it was asked for. */
  notes: string[];
  ghost: boolean;
  /** The graph runs downwards. */
  upright: boolean;
  open: boolean;
  onOpen: (key: string) => void;
}

export type StepNodeType = Node<StepData, "step">;

export const StepNode = memo(function StepNode({ data }: NodeProps<StepNodeType>) {
  const { step, notes, ghost, upright, open, onOpen } = data;
  const look = lookOf(step, ghost);
  const classes = ["step", `tone-${look.tone}`, ghost ? "ghost" : "", open ? "open" : ""]
    .filter(Boolean)
    .join(" ");
  return (
    <article
      className={classes}
      style={{ "--medium": mediumColour(step.agent_type) } as React.CSSProperties}
      data-testid="step-node"
      data-step={step.step_id}
      data-status={ghost ? "drafting" : step.status}
      aria-label={`${step.title || "Untitled step"}, ${mediumLabel(step.agent_type)}, ${look.word}`}
    >
      <Handle type="target" position={upright ? Position.Top : Position.Left} isConnectable={false} />
      <button type="button" className="step-head" onClick={() => onOpen(step.key)} aria-expanded={open}>
        <span className="step-icon">
          <Icon name={mediumOf(step.agent_type)} size={16} />
        </span>
        <span className="step-name">
          <span className="step-title">{step.title || "…"}</span>
          <span className="step-kind">{mediumLabel(step.agent_type)}</span>
        </span>
        <StatusBadge step={step} ghost={ghost} />
      </button>
      <StepNote notes={notes} />
      <div className="step-body">
        <Body step={step} ghost={ghost} />
      </div>
      <footer className="step-foot">
        <span className="model" title={step.model}>
          {step.model ?? (ghost ? "" : "model to be chosen")}
        </span>
        <CostBadge step={step} />
      </footer>
      <Handle type="source" position={upright ? Position.Bottom : Position.Right} isConnectable={false} />
    </article>
  );
});

function StepNote({ notes: [first, ...more] }: { notes: string[] }) {
  if (first === undefined) return null;
  return (
    <p className="step-note" data-testid="step-note" title={[first, ...more].join("\n")}>
      <Icon name="alert" size={13} />
      <span>{first}</span>
      {more.length > 0 ? <span>+{more.length}</span> : null}
    </p>
  );
}

function Body({ step, ghost }: { step: Step; ghost: boolean }) {
  const [first, ...more] = step.outputs;
  if (first) {
    return (
      <>
        <Preview asset={first} title={step.title} />
        {first.engine ? <StandIn engine={first.engine} /> : null}
        {more.length > 0 ? <span className="more">+{more.length}</span> : null}
      </>
    );
  }
  if (step.status === "running" || step.status === "ready") return <Working step={step} />;
  if (step.status === "failed") return <Trouble step={step} />;
  return <p className={ghost ? "step-words ghost-words" : "step-words"}>{step.description}</p>;
}

function Working({ step }: { step: Step }) {
  return (
    <div className="working">
      {step.status === "running" ? (
        <ProgressRing progress={step.progress} label={`Progress of ${step.title}`} />
      ) : null}
      <p className="step-words">{step.description}</p>
    </div>
  );
}

function Trouble({ step }: { step: Step }) {
  const advice = STEP_ADVICE[step.error?.category ?? "unknown"] ?? STEP_ADVICE.unknown;
  return (
    <div className="trouble">
      <strong>{advice?.title}</strong>
      <p>{step.error?.detail ?? advice?.todo}</p>
    </div>
  );
}

/** A file that no real model made says so on its face. */
export function StandIn({ engine }: { engine: string }) {
  return (
    <span
      className="stand-in"
      title={`${engine}: made by a local stand-in engine, not by the model named below`}
    >
      stand-in engine
    </span>
  );
}
