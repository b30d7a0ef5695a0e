/** How a step fares: a border by CSS, and here the icon, the word and the ring. */

import { creditsNumber } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { type Look, STATUS_LOOK } from "../kit/media.ts";
import type { Step } from "../state/model.ts";

export const lookOf = (step: Step, ghost: boolean): Look => STATUS_LOOK[ghost ? "drafting" : step.status];

export function StatusBadge({ step, ghost = false }: { step: Step; ghost?: boolean }) {
  const look = lookOf(step, ghost);
  return (
    <span className={`badge tone-${look.tone}`}>
      <Icon name={look.icon} size={13} />
      {look.word}
    </span>
  );
}

/** What the step cost once it is over, what is held for it while it runs, and before that what it may cost. */
export function CostBadge({ step }: { step: Step }) {
  const { captured, reserved, estimated } = step.cost ?? {};
  const ran = step.status === "succeeded" || step.status === "failed";
  if (captured !== undefined && (ran || captured > 0)) return <Cost amount={captured} kind="spent" />;
  if (reserved) return <Cost amount={reserved} kind="reserved" />;
  return estimated === undefined ? null : <Cost amount={estimated} kind="estimated" />;
}

function Cost({ amount, kind }: { amount: number; kind: "spent" | "reserved" | "estimated" }) {
  return (
    <span className="cost" title={`${creditsNumber(amount)} credits ${kind}`}>
      {kind === "estimated" ? "≈ " : ""}
      {creditsNumber(amount)} cr
      <span className="sr-only"> {kind}</span>
    </span>
  );
}

const RADIUS = 20;
const ROUND = 2 * Math.PI * RADIUS;

/** Without a figure the ring turns: work goes on, how far is unknown. */
export function ProgressRing({ progress, label }: { progress: number | undefined; label: string }) {
  const share =
    progress === undefined ? 0.25 : Math.min(1, Math.max(0, progress > 1 ? progress / 100 : progress));
  const percent = Math.round(share * 100);
  const value = progress === undefined ? {} : { "aria-valuenow": percent };
  return (
    <div
      className={progress === undefined ? "ring ring-unknown" : "ring"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...value}
    >
      <svg width="52" height="52" viewBox="0 0 52 52" aria-hidden="true">
        <circle className="ring-track" cx="26" cy="26" r={RADIUS} />
        <circle
          className="ring-done"
          cx="26"
          cy="26"
          r={RADIUS}
          strokeDasharray={`${ROUND * share} ${ROUND}`}
        />
      </svg>
      {progress === undefined ? null : <span className="ring-figure">{percent}</span>}
    </div>
  );
}
