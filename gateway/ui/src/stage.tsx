/** The canvas with what belongs to it: choice of plan, approval, the open step. */
import { useCallback, useEffect, useState } from "react";
import type { Client } from "./api/client.ts";
import { type Spoken, speak } from "./api/problems.ts";
import { localId, planOfStep, text } from "./api/wire.ts";
import { Canvas } from "./canvas/canvas.tsx";
import { PlanBar } from "./canvas/plan-bar.tsx";
import type { Theme } from "./kit/theme.ts";
import { Inspector } from "./panels/inspector.tsx";
import type { Plan, State, Step } from "./state/model.ts";
import type { Session } from "./state/use-session.ts";

interface StageProps {
  session: Session;
  client: Client;
  theme: Theme;
  /** The step that the address names: it is opened, in its plan. */
  step: string | undefined;
  tell: (problem: Spoken | null) => void;
}

export function Stage({ session, client, theme, step: named, tell }: StageProps) {
  const { state } = session;
  const [chosen, setChosen] = useState<string | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  useEffect(() => {
    if (!named) return;
    setChosen(planOfStep(named) ?? null);
    setOpen(localId(named));
  }, [named]);
  const plan_id = chosen && chosen in state.plans ? chosen : state.plan_order.at(-1);
  const plan = plan_id ? state.plans[plan_id] : undefined;
  const { steps, ghost } = shownSteps(state, plan);
  const step = steps.find((other) => other.key === open);
  const { busy, act } = useActing(client, session, tell);
  const toggle = useCallback((key: string) => setOpen((now) => (now === key ? null : key)), []);
  const close = useCallback(() => setOpen(null), []);
  const settled = plan && !["running", "drafting", "awaiting_approval"].includes(plan.status);
  return (
    <main className="stage" aria-label="Canvas">
      <div className="drawing">
        <div className="overlay" aria-live="polite">
          <PlanPicker state={state} shown={plan_id} onChoose={setChosen} />
          {plan && !ghost ? (
            <PlanBar
              plan={plan}
              credits={state.credits}
              busy={busy}
              act={{
                approve: () => act(plan.plan_id, "approve"),
                reject: () => act(plan.plan_id, "reject"),
                cancel: () => act(plan.plan_id, "cancel"),
                rerun: () => act(plan.plan_id, "rerun"),
              }}
            />
          ) : null}
        </div>
        <Canvas
          plan_id={plan?.plan_id ?? "draft"}
          steps={steps}
          ghost={ghost}
          open={step?.key ?? null}
          onOpen={toggle}
          theme={theme}
        />
        {steps.length === 0 ? <Waiting state={state} /> : null}
      </div>
      {step ? (
        <Inspector
          step={step}
          steps={steps}
          busy={busy}
          onRerun={
            plan && settled ? () => act(plan.plan_id, "rerun", { step_ids: [step.step_id] }) : undefined
          }
          onClose={close}
        />
      ) : null}
    </main>
  );
}

/** While a model writes, its draft; then the plan as decided. */
function shownSteps(state: State, plan: Plan | undefined): { steps: Step[]; ghost: boolean } {
  if (state.draft && state.draft.steps.length > 0) return { steps: state.draft.steps, ghost: true };
  return { steps: plan?.steps ?? [], ghost: false };
}

function Waiting({ state }: { state: State }) {
  const thinking = Object.values(state.calls).some((call) => !call.done);
  return (
    <p className={thinking ? "waiting-words thinking" : "waiting-words"}>
      {thinking ? "Planning the steps" : state.loaded ? "The steps appear here" : "Opening the session"}
    </p>
  );
}

interface PickerProps {
  state: State;
  shown: string | undefined;
  onChoose: (plan_id: string) => void;
}

function PlanPicker({ state, shown, onChoose }: PickerProps) {
  if (state.plan_order.length < 2) return null;
  return (
    <label className="plan-picker">
      <span className="sr-only">Plan</span>
      <select value={shown} onChange={(event) => onChoose(event.target.value)}>
        {state.plan_order.map((plan_id, index) => (
          <option key={plan_id} value={plan_id}>
            {index + 1}. {state.plans[plan_id]?.title || "Untitled plan"}
          </option>
        ))}
      </select>
    </label>
  );
}

type Verb = "approve" | "reject" | "cancel" | "rerun";

/** The answer is only an acknowledgement: what changes on the page comes as frames, or from the API. */
function useActing(client: Client, session: Session, tell: (problem: Spoken | null) => void) {
  const [busy, setBusy] = useState(false);
  const { heal } = session;
  const act = async (plan_id: string, verb: Verb, body: Record<string, unknown> = {}) => {
    setBusy(true);
    tell(null);
    try {
      const answer = await client.post(`/v1/plans/${plan_id}/${verb}`, body);
      heal(plan_id, text(answer.position));
    } catch (error) {
      tell(speak(error));
      heal(plan_id);
    } finally {
      setBusy(false);
    }
  };
  return { busy, act: (...order: Parameters<typeof act>) => void act(...order) };
}
