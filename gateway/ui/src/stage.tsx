/** The canvas with what belongs to it: choice of plan, approval, the open step. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Client, Problem } from "./api/client.ts";
import { type Spoken, speak } from "./api/problems.ts";
import { type Json, list, localId, planOfStep, text } from "./api/wire.ts";
import { Canvas } from "./canvas/canvas.tsx";
import { notesBySteps } from "./canvas/notes.ts";
import { PlanBar } from "./canvas/plan-bar.tsx";
import { Icon } from "./kit/icons.tsx";
import type { Theme } from "./kit/theme.ts";
import { Inspector } from "./panels/inspector.tsx";
import type { StepActions } from "./panels/step-acts.tsx";
import { Runs } from "./past/runs.tsx";
import { Scrubber } from "./past/scrubber.tsx";
import { usePast } from "./past/use-past.ts";
import type { Plan, State, Step } from "./state/model.ts";
import type { Session } from "./state/use-session.ts";

interface StageProps {
  session: Session;
  client: Client;
  theme: Theme;
  /** The step that the address names: it is opened, in its plan. */
  step: string | undefined;
  tell: (problem: Spoken | null) => void;
  /** The moment of the past that is looked at; null: now. */
  onMoment: (at: string | null) => void;
}

export function Stage({ session, client, theme, step: named, tell, onMoment }: StageProps) {
  const { state } = session;
  const [chosen, setChosen] = useState<string | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [view, setView] = useState<View>("now");
  useEffect(() => {
    if (!named) return;
    setChosen(planOfStep(named) ?? null);
    setOpen(localId(named));
  }, [named]);
  const plan_id = chosen && chosen in state.plans ? chosen : state.plan_order.at(-1);
  const plan = plan_id ? state.plans[plan_id] : undefined;
  const acting = useActing(client, session, tell);
  const choose = useCallback((next: string) => {
    setChosen(next);
    setView("now");
    setOpen(null);
  }, []);
  const toggle = useCallback((key: string) => setOpen((now) => (now === key ? null : key)), []);
  const close = useCallback(() => setOpen(null), []);
  const shared = { client, theme, open, onOpen: toggle, onClose: close };
  if (plan && view === "past")
    return (
      <PastStage
        {...shared}
        key={plan.plan_id}
        plan={plan}
        busy={acting.busy}
        onMoment={onMoment}
        onFork={(at) => acting.fork(plan.plan_id, at, choose)}
        onBack={() => setView("now")}
      />
    );
  const picker = <PlanPicker state={state} shown={plan_id} onChoose={choose} />;
  return (
    <NowStage
      {...shared}
      session={session}
      plan={plan}
      acting={acting}
      view={view}
      onView={setView}
      picker={picker}
    />
  );
}

type View = "now" | "past" | "runs";

interface SharedProps {
  client: Client;
  theme: Theme;
  open: string | null;
  onOpen: (key: string) => void;
  onClose: () => void;
}

interface NowProps extends SharedProps {
  session: Session;
  plan: Plan | undefined;
  acting: Acting;
  view: View;
  onView: (view: View) => void;
  picker: React.ReactNode;
}

function NowStage({ session, plan, acting, view, onView, picker, client, theme, ...opening }: NowProps) {
  const { state } = session;
  const { steps, ghost } = shownSteps(state, plan);
  const step = steps.find((other) => other.key === opening.open);
  const notes = useMemo(() => (ghost ? {} : notesBySteps(plan)), [ghost, plan]);
  const bar =
    plan && !ghost ? <Bars plan={plan} state={state} acting={acting} view={view} onView={onView} /> : null;
  return (
    <main className="stage" aria-label="Canvas">
      <div className="drawing">
        <div className="overlay" aria-live="polite">
          {picker}
          {bar}
        </div>
        <Canvas
          plan_id={plan?.plan_id ?? "draft"}
          steps={steps}
          notes={notes}
          ghost={ghost}
          open={step?.key ?? null}
          onOpen={opening.onOpen}
          theme={theme}
        />
        {steps.length === 0 ? <Waiting state={state} /> : null}
      </div>
      {step ? (
        <Inspector
          step={step}
          steps={steps}
          notes={notes[step.key]}
          client={client}
          busy={acting.busy}
          act={plan ? stepActions(plan, step, acting) : undefined}
          onClose={opening.onClose}
        />
      ) : plan && view === "runs" ? (
        <Runs
          client={client}
          plan_id={plan.plan_id}
          present={plan.run_id}
          settled={isSettled(plan)}
          edited={plan.run_id !== undefined && ["awaiting_approval", "rejected"].includes(plan.status)}
          busy={acting.busy}
          moved={acting.done}
          onRollback={(run_id) => acting.act(plan.plan_id, "rollback", { run_id })}
          onClose={() => onView("now")}
        />
      ) : null}
    </main>
  );
}

const isSettled = (plan: Plan): boolean =>
  !["running", "drafting", "awaiting_approval", "rejected"].includes(plan.status);

interface BarsProps {
  plan: Plan;
  state: State;
  acting: Acting;
  view: View;
  onView: (view: View) => void;
}

function Bars({ plan, state, acting: { busy, act }, view, onView }: BarsProps) {
  return (
    <>
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
      <div className="past-tools">
        <button type="button" className="button small" onClick={() => onView("past")}>
          <Icon name="clock" size={14} /> History
        </button>
        <button
          type="button"
          className="button small"
          aria-pressed={view === "runs"}
          onClick={() => onView(view === "runs" ? "now" : "runs")}
        >
          <Icon name="redo" size={14} /> Runs
        </button>
      </div>
    </>
  );
}

function stepActions(plan: Plan, step: Step, { act, change, retryWith }: Acting): StepActions {
  const settled = isSettled(plan);
  return {
    approve: () => act(plan.plan_id, `steps/${step.key}/approve`),
    refuse: () => act(plan.plan_id, `steps/${step.key}/cancel`),
    mark:
      plan.status === "awaiting_approval"
        ? (needs_approval) => change(plan.plan_id, step, { needs_approval })
        : undefined,
    rerun: settled ? () => act(plan.plan_id, "rerun", { step_ids: [step.step_id] }) : undefined,
    retryWith: settled ? (model) => retryWith(plan.plan_id, step, model) : undefined,
  };
}

interface PastProps extends SharedProps {
  plan: Plan;
  busy: boolean;
  onMoment: (at: string | null) => void;
  onFork: (position: string) => void;
  onBack: () => void;
}

/** The plan as it was: nothing of it can be changed, but a new plan may begin there. */
function PastStage({
  plan,
  busy,
  client,
  theme,
  open,
  onOpen,
  onClose,
  onMoment,
  onFork,
  onBack,
}: PastProps) {
  const past = usePast(client, plan.plan_id);
  const at = past.happening?.at;
  useEffect(() => {
    // While it is read what happened there, the chat stays as it is.
    if (at !== undefined) onMoment(at);
  }, [at, onMoment]);
  useEffect(() => () => onMoment(null), [onMoment]);
  const steps = past.plan?.steps ?? [];
  const step = steps.find((other) => other.key === open);
  const titles = Object.fromEntries(plan.steps.map(({ key, title }) => [key, title]));
  return (
    <main className="stage" aria-label="Canvas, as it was">
      <div className="drawing past">
        <Canvas
          plan_id={`past ${plan.plan_id}`}
          steps={steps}
          ghost={false}
          open={step?.key ?? null}
          onOpen={onOpen}
          theme={theme}
        />
        <Scrubber past={past} titles={titles} busy={busy} onFork={onFork} onClose={onBack} />
      </div>
      {step ? (
        <Inspector step={step} steps={steps} client={client} busy={busy} act={undefined} onClose={onClose} />
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

interface Acting {
  busy: boolean;
  /** How many orders have been answered: what is shown of the plan's runs is read again. */
  done: number;
  act: (plan_id: string, verb: string, body?: Record<string, unknown>) => void;
  change: (plan_id: string, step: Step, what: Json) => void;
  retryWith: (plan_id: string, step: Step, model: string) => void;
  fork: (plan_id: string, at: string, onForked: (plan_id: string) => void) => void;
}

/** The answer is only an acknowledgement: what changes on the page comes as frames, or from the API. */
function useActing(client: Client, session: Session, tell: (problem: Spoken | null) => void): Acting {
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(0);
  const { heal } = session;
  const order = async (plan_id: string, send: () => Promise<Json>): Promise<Json | undefined> => {
    setBusy(true);
    tell(null);
    try {
      const answer = await send();
      heal(plan_id, text(answer.position));
      setDone((count) => count + 1);
      return answer;
    } catch (error) {
      tell(speak(error));
      heal(plan_id);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return {
    busy,
    done,
    act: (plan_id, verb, body = {}) =>
      void order(plan_id, () => client.post(`/v1/plans/${plan_id}/${verb}`, body)),
    change: (plan_id, step, what) =>
      void order(plan_id, () => client.patch(`/v1/plans/${plan_id}/steps/${step.key}`, what)),
    retryWith: (plan_id, step, model) =>
      void order(plan_id, async () => {
        await withModel(client, plan_id, step, model);
        return client.post(`/v1/plans/${plan_id}/rerun`, { step_ids: [step.step_id] });
      }),
    fork: (plan_id, at, onForked) =>
      void order(plan_id, () => client.post(`/v1/plans/${plan_id}/fork`, { at })).then((answer) => {
        const forked = text(answer?.plan_id);
        if (!forked) return;
        heal(forked, text(answer?.position));
        onForked(forked);
      }),
  };
}

/** With the input that it has; where that does not fit the other model, with what its description says. */
async function withModel(client: Client, plan_id: string, step: Step, model: string): Promise<void> {
  const path = `/v1/plans/${plan_id}/steps/${step.key}`;
  try {
    return refuseUnwirable(await client.patch(path, { model }), step);
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== "invalid-input") throw error;
    refuseUnwirable(await client.patch(path, { model, input: {} }), step);
  }
}

/** What its model would not get is said before anything runs. */
function refuseUnwirable(answer: Json, step: Step): void {
  const flags = list(answer.flags).filter((flag) => typeof flag === "string");
  const found = flags.map((flag) => /^([^:]+):unwirable:([^:]+): (.+)$/.exec(flag));
  const [, , field, why] = found.find((flag) => flag?.[1] === step.key) ?? [];
  if (field) throw new Problem(422, { title: "This model cannot do the step", detail: `${field} ${why}` });
}
