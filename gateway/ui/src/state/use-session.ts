/** The shell around the reducer: reads the stream, heals from the API, sends what the person asks for. */
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import { type Client, Problem } from "../api/client.ts";
import { type Connection, follow } from "../api/stream.ts";
import { number, readPlan, readSession, text } from "../api/wire.ts";
import { go } from "../route.ts";
import { type Action, emptyState, type Frame, type State } from "./model.ts";
import { reduce } from "./reduce.ts";

/** `after`: the position of an answer whose effects must be seen; without it, what the stream has told. */
type Heal = (plan_id: string, after?: string) => void;

/** The session that is shown, and from where its stream is read. */
export interface Target {
  session_id: string;
  /** Just made by this page: there is nothing to wait for. */
  fresh: boolean;
  position?: string;
}

export interface Session {
  state: State;
  connection: Connection;
  dispatch: (action: Action) => void;
  /** Reads a plan again once the read model has caught up with what the stream has said. */
  heal: Heal;
  open: (target: Target | null) => void;
}

/** Frames after which the API knows more of the plan than the frame says: cost, models, inputs, signed addresses. */
const WORTH_HEALING = new Set([
  "plan.revised",
  "plan.validated",
  "plan.awaiting_approval",
  "plan.approved",
  "plan.forked",
  "plan.rolled_back",
  "step.failed",
  "step.succeeded",
  "run.completed",
]);
const HEAL_AFTER_MS = 250;
const HEAL_AGAIN_MS = 1500;
const HEAL_TRIES_MAX = 4;

export function useSession(client: Client, onMissing: () => void): Session {
  const [target, setTarget] = useState<Target | null>(targetInAddress);
  const [state, dispatch] = useReducer(reduce, target, stateOf);
  const [connection, setConnection] = useState<Connection>("connecting");
  const position = useRef<string | undefined>(undefined);
  const heal = useHealing(client, dispatch, position);

  const onFrame = useCallback(
    (frame: Frame, at: string | undefined) => {
      position.current = at ?? position.current;
      dispatch({ type: "frame", frame });
      const plan_id = planOf(frame);
      if (plan_id && WORTH_HEALING.has(frame.event)) heal(plan_id);
    },
    [heal],
  );

  const shown = useRef(target?.session_id);
  const show = useCallback((next: Target | null) => {
    shown.current = next?.session_id;
    setTarget(next);
    dispatch(next ? { type: "opened", session_id: next.session_id, fresh: next.fresh } : { type: "closed" });
  }, []);
  const open = useCallback(
    (next: Target | null) => {
      show(next);
      const search = next ? `?s=${encodeURIComponent(next.session_id)}` : "";
      if (location.search + location.hash !== search) go(location.pathname + search);
    },
    [show],
  );

  const onRefused = useCallback(
    (status: number) => {
      if (status === 401) return client.onKeyRefused();
      open(null);
      onMissing();
    },
    [client, open, onMissing],
  );

  useEffect(() => {
    if (!target) {
      setConnection("live");
      return readCreditsInto(client, dispatch);
    }
    const leaving = new AbortController();
    position.current = target.position;
    const onOpen = () => {
      readCreditsInto(client, dispatch);
      readSessionInto(client, `${target.session_id}${afterQuery(position.current)}`, dispatch);
    };
    const path = `/v1/sessions/${target.session_id}/stream`;
    const options = {
      path,
      headers: client.headers(),
      position: target.position,
      mayBeNew: target.fresh,
    };
    void follow({ ...options, onFrame, onConnection: setConnection, onOpen, onRefused }, leaving.signal);
    return () => leaving.abort();
  }, [client, target, onFrame, onRefused]);

  useEffect(() => {
    const moved = () => {
      const next = targetInAddress();
      // The same session in another view stays open.
      if (next?.session_id !== shown.current) show(next);
    };
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, [show]);

  return { state, connection, dispatch, heal, open };
}

function targetInAddress(): Target | null {
  const session_id = new URLSearchParams(location.search).get("s");
  return session_id ? { session_id, fresh: false } : null;
}

const stateOf = (target: Target | null): State =>
  target ? { ...emptyState, session_id: target.session_id, loaded: false } : emptyState;

function readSessionInto(client: Client, path: string, dispatch: (action: Action) => void): void {
  client.get(`/v1/sessions/${path}`).then(
    (raw) => dispatch({ type: "healed", session: readSession(raw) }),
    // The stream goes on without it; the next connection asks again.
    (error: unknown) => console.warn("The session could not be read again", error),
  );
}

function readCreditsInto(client: Client, dispatch: (action: Action) => void): void {
  client.get("/v1/credits").then(
    ({ available, reserved }) =>
      dispatch({
        type: "credits_read",
        credits: { available: number(available) ?? 0, reserved: number(reserved) ?? 0 },
      }),
    (error: unknown) => console.warn("The credits could not be read", error),
  );
}

function useHealing(
  client: Client,
  dispatch: (action: Action) => void,
  position: { readonly current: string | undefined },
): Heal {
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const waiting = timers.current;
    return () => {
      for (const timer of waiting.values()) clearTimeout(timer);
    };
  }, []);
  return useCallback(
    (plan_id: string, after?: string) => {
      const read = async (tries_left: number) => {
        try {
          const raw = await client.get(`/v1/plans/${plan_id}${afterQuery(after ?? position.current)}`);
          const plan = readPlan(raw);
          if (plan) dispatch({ type: "plan_healed", plan });
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          if (error.status === 503 && tries_left > 0) soon(tries_left - 1, HEAL_AGAIN_MS);
          else console.warn(`Plan ${plan_id} could not be read again`, error.title);
        }
      };
      const soon = (tries_left: number, ms: number) => {
        clearTimeout(timers.current.get(plan_id));
        timers.current.set(
          plan_id,
          setTimeout(() => void read(tries_left), ms),
        );
      };
      soon(HEAL_TRIES_MAX, HEAL_AFTER_MS);
    },
    [client, dispatch, position],
  );
}

const afterQuery = (position: string | undefined): string =>
  position ? `?after=${encodeURIComponent(position)}` : "";

function planOf({ data }: Frame): string | undefined {
  const members = data as Record<string, unknown> | null;
  if (!members) return undefined;
  const plan_id = text(members.plan_id);
  if (plan_id) return plan_id;
  const run = /^run_(.+)\.\d+$/.exec(text(members.run_id) ?? "");
  const step = /^stp_(.+)\.[^.]+$/.exec(text(members.step_id) ?? "");
  const route = run?.[1] ?? step?.[1];
  return route ? `pln_${route}` : undefined;
}
