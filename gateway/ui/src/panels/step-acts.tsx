/** What a person may decide of one step: yes or no where it waits, another model, or again from here. */
import { useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { isObject, type Json, list, text } from "../api/wire.ts";
import { Icon } from "../kit/icons.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import type { Step } from "../state/model.ts";
import { isOver } from "../state/plans.ts";

export interface StepActions {
  approve: () => void;
  refuse: () => void;
  /** Absent once the plan has a yes. */
  mark: ((needs_approval: boolean) => void) | undefined;
  /** Absent while the plan runs or has not run. */
  rerun: (() => void) | undefined;
  retryWith: ((model: string) => void) | undefined;
}

interface StepActsProps {
  step: Step;
  client: Client;
  busy: boolean;
  act: StepActions;
}

export function StepActs({ step, client, busy, act }: StepActsProps) {
  if (step.status === "awaiting_approval")
    return (
      <section className="answer" aria-label="This step waits for you" data-testid="step-approval">
        <button type="button" className="button primary" disabled={busy} onClick={act.approve}>
          <Icon name="play" size={15} /> Approve this step
        </button>
        <button type="button" className="button quiet" disabled={busy} onClick={act.refuse}>
          Leave it out
        </button>
      </section>
    );
  if (act.mark) return <Mark marked={step.needs_approval === true} busy={busy} onMark={act.mark} />;
  if (!act.rerun || !isOver(step.status)) return null;
  return (
    <>
      <button type="button" className="button" disabled={busy} onClick={act.rerun}>
        <Icon name="redo" size={15} /> Rerun from here
      </button>
      {act.retryWith ? <Retry step={step} client={client} busy={busy} onRetry={act.retryWith} /> : null}
    </>
  );
}

interface MarkProps {
  marked: boolean;
  busy: boolean;
  onMark: (needs_approval: boolean) => void;
}

/** Shown as the person has it at once; what the platform says of it afterwards counts. */
function Mark({ marked, busy, onMark }: MarkProps) {
  const [shown, setShown] = useState(marked);
  useEffect(() => setShown(marked), [marked]);
  return (
    <label className="mark-step">
      <input
        type="checkbox"
        checked={shown}
        disabled={busy}
        onChange={(event) => {
          setShown(event.target.checked);
          onMark(event.target.checked);
        }}
      />
      Ask me before this step runs
    </label>
  );
}

interface Choice {
  id: string;
  agent_type: string;
  active: boolean;
}

const readModels = (raw: Json): Choice[] =>
  list(raw.items)
    .filter(isObject)
    .map((one) => ({
      id: text(one.id) ?? "",
      agent_type: text(one.agent_type) ?? "",
      active: one.active !== false,
    }));

interface RetryProps {
  step: Step;
  client: Client;
  busy: boolean;
  onRetry: (model: string) => void;
}

function Retry({ step, client, busy, onRetry }: RetryProps) {
  const { value } = useAnswer(client, "/v1/models?active=true", readModels);
  const [chosen, setChosen] = useState("");
  const others = (value ?? []).filter(
    (one) => one.active && one.agent_type === step.agent_type && one.id !== step.model,
  );
  if (others.length === 0) return null;
  return (
    <section className="retry">
      <h3>With another model</h3>
      <select aria-label="Another model" value={chosen} onChange={(event) => setChosen(event.target.value)}>
        <option value="">Choose one</option>
        {others.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      <button type="button" className="button" disabled={busy || !chosen} onClick={() => onRetry(chosen)}>
        <Icon name="redo" size={15} /> Rerun with it
      </button>
    </section>
  );
}
