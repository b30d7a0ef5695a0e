/** What waits for the person, or runs on their account: approve, reject, cancel, run again. */
import { creditsNumber } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import type { Credits, Plan } from "../state/model.ts";
import { estimateOf, isOver, toRun } from "../state/plans.ts";
import { toldNotes } from "./notes.ts";

export interface PlanActions {
  approve: () => void;
  reject: () => void;
  cancel: () => void;
  rerun: () => void;
}

export function PlanBar({ plan, credits, busy, act }: BarProps) {
  if (plan.status === "awaiting_approval")
    return <Approval plan={plan} credits={credits} busy={busy} act={act} />;
  if (plan.status === "running") return <Running plan={plan} busy={busy} act={act} />;
  const ended = ENDED[plan.status];
  if (ended) {
    return (
      <section className="plan-bar" aria-label="How it ended">
        <p className="plan-bar-words">{ended}</p>
        {plan.status === "rejected" ? null : (
          <button type="button" className="button" disabled={busy} onClick={act.rerun}>
            <Icon name="redo" size={15} /> Run again
          </button>
        )}
      </section>
    );
  }
  return null;
}

interface BarProps {
  plan: Plan;
  credits: Credits | null;
  busy: boolean;
  act: PlanActions;
}

const ENDED: Partial<Record<Plan["status"], string>> = {
  partial: "Some steps did not finish. Results are kept.",
  failed: "The run failed. What was reserved has been given back.",
  cancelled: "Cancelled. What was reserved has been given back.",
  rejected: "Rejected. Nothing ran. Say in the chat what should be different.",
};

function Approval({ plan, credits, busy, act }: BarProps) {
  const left = toRun(plan);
  const cost = estimateOf(left);
  const missing = cost !== undefined && credits ? cost - credits.available : 0;
  const count = left.steps.length;
  const kept = plan.steps.length - count;
  return (
    <section className="plan-bar waiting" aria-label="Approval" data-testid="approval-bar">
      <div className="plan-bar-words">
        <strong>Ready when you are.</strong>{" "}
        <span>
          {count} {count === 1 ? "step" : "steps"}
          {kept > 0 ? ` (${kept} kept)` : ""}
          {cost === undefined ? "" : `, at most ${creditsNumber(cost)} credits`}
          {missing > 0 ? `. ${creditsNumber(missing)} credits are missing.` : ""}
        </span>
      </div>
      <Notes plan={plan} />
      <button type="button" className="button quiet" disabled={busy} onClick={act.reject}>
        Reject
      </button>
      <button type="button" className="button primary" disabled={busy} onClick={act.approve}>
        <Icon name="play" size={15} /> Approve and run
      </button>
    </section>
  );
}

/** What is not as it was asked for stands before the yes. */
function Notes({ plan }: { plan: Plan }) {
  const notes = toldNotes(plan);
  if (notes.length === 0) return null;
  return (
    <div className="plan-notes" data-testid="plan-notes">
      <strong>
        <Icon name="alert" size={15} />
        {notes.length === 1 ? "One thing to know first" : `${notes.length} things to know first`}
      </strong>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is too long is scrolled by keyboard, too */}
      <ul tabIndex={0} aria-label="What is not quite as you asked">
        {notes.map(({ key, text }) => (
          <li key={key}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

function Running({ plan, busy, act }: Omit<BarProps, "credits">) {
  const over = plan.steps.filter((step) => isOver(step.status)).length;
  return (
    <section className="plan-bar" aria-label="Run" data-testid="run-bar">
      <div className="plan-bar-words">
        <strong>Running.</strong>{" "}
        <span>
          {over} of {plan.steps.length} steps done
        </span>
        <span className="meter" aria-hidden="true">
          <span style={{ width: `${(over / Math.max(1, plan.steps.length)) * 100}%` }} />
        </span>
      </div>
      <button type="button" className="button" disabled={busy} onClick={act.cancel}>
        <Icon name="stop" size={15} /> Cancel
      </button>
    </section>
  );
}
