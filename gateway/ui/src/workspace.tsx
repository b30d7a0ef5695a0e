/** The page once it has a key: top bar, canvas, conversation. */
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Client } from "./api/client.ts";
import { type Spoken, speak } from "./api/problems.ts";
import type { Connection } from "./api/stream.ts";
import { text } from "./api/wire.ts";
import { Composer } from "./chat/composer.tsx";
import { saidBy, Timeline } from "./chat/timeline.tsx";
import { type Draft, useDraft } from "./chat/use-draft.ts";
import { Icon } from "./kit/icons.tsx";
import type { Theme } from "./kit/theme.ts";
import { Sessions } from "./panels/sessions.tsx";
import { type About, TopBar } from "./panels/top-bar.tsx";
import { Welcome } from "./panels/welcome.tsx";
import { type Route, useRoute } from "./route.ts";
import { Stage } from "./stage.tsx";
import type { Credits, State } from "./state/model.ts";
import { type Session, useSession } from "./state/use-session.ts";

/** Most visits never open it. */
const CreditsView = lazy(() =>
  import("./credits/credits-view.tsx").then(({ CreditsView: view }) => ({ default: view })),
);

const DlqView = lazy(() => import("./dlq/dlq-view.tsx").then(({ DlqView: view }) => ({ default: view })));

const PromptsView = lazy(() =>
  import("./prompts/prompts-view.tsx").then(({ PromptsView: view }) => ({ default: view })),
);

interface WorkspaceProps {
  apiKey: string;
  theme: Theme;
  onTheme: () => void;
  onKeyRefused: () => void;
}

export function Workspace({ apiKey, theme, onTheme, onKeyRefused }: WorkspaceProps) {
  const client = useMemo(() => new Client(apiKey, onKeyRefused), [apiKey, onKeyRefused]);
  const [problem, setProblem] = useState<Spoken | null>(null);
  const onMissing = useCallback(() => setProblem(NO_SUCH_SESSION), []);
  const session = useSession(client, onMissing);
  const { state, open } = session;
  const [drawer, setDrawer] = useState(false);
  const [booksConnection, setBooksConnection] = useState<Connection>("connecting");
  const route = useRoute();
  const credits_shown = route.view === "credits";
  const title = TITLES[route.view] ?? titleOf(state);
  const about = useAbout(client);
  const startNew = () => {
    setDrawer(false);
    open(null);
  };
  return (
    <div className="page">
      <TopBar
        title={title}
        about={credits_shown ? null : about}
        connection={credits_shown ? booksConnection : session.connection}
        credits={state.credits}
        theme={theme}
        onTheme={onTheme}
        onSessions={() => setDrawer(true)}
        onNew={startNew}
      />
      {problem ? <ProblemLine problem={problem} onClose={() => setProblem(null)} /> : null}
      <View
        route={route}
        session={session}
        client={client}
        theme={theme}
        tell={setProblem}
        onBooksConnection={setBooksConnection}
      />
      {drawer ? (
        <Sessions
          client={client}
          current={state.session_id}
          onNew={startNew}
          onClose={() => setDrawer(false)}
          onOpen={(session_id) => {
            setDrawer(false);
            open({ session_id, fresh: false });
          }}
        />
      ) : null}
    </div>
  );
}

const NO_SUCH_SESSION: Spoken = {
  title: "There is no such session",
  detail: "It may belong to another organisation. Choose one from the list, or begin a new one.",
};

const TITLES: Partial<Record<Route["view"], string>> = {
  credits: "Credits",
  "dead-letters": "Dead letters",
  prompts: "Prompt Lab",
};

/** A session without a title of its own is called by its newest plan, or by its first message. */
function titleOf(state: State): string {
  if (state.title) return state.title;
  const newest = state.plans[state.plan_order.at(-1) ?? ""]?.title;
  const first = Object.values(state.messages).find((message) => message.role === "user");
  return newest || first?.text.slice(0, 80) || "";
}

interface ViewProps {
  route: Route;
  session: Session;
  client: Client;
  theme: Theme;
  tell: (problem: Spoken | null) => void;
  onBooksConnection: (connection: Connection) => void;
}

/** The credits, the canvas with its chat, or the empty page; what a person has begun to type outlives each. */
function View({ route, session, client, theme, tell, onBooksConnection }: ViewProps) {
  const { state, dispatch } = session;
  const { draft, busy, send } = useSending(client, session, tell);
  const onCredits = useCallback(
    (credits: Credits) => dispatch({ type: "credits_read", credits }),
    [dispatch],
  );
  if (route.view === "credits")
    return (
      <Suspense fallback={<main className="credits-page" aria-busy="true" />}>
        <CreditsView
          client={client}
          open={route.entry}
          onCredits={onCredits}
          onConnection={onBooksConnection}
        />
      </Suspense>
    );
  if (route.view === "dead-letters")
    return (
      <Suspense fallback={<main className="credits-page" aria-busy="true" />}>
        <DlqView client={client} />
      </Suspense>
    );
  if (route.view === "prompts")
    return (
      <Suspense fallback={<main className="credits-page" aria-busy="true" />}>
        <PromptsView client={client} agent={route.agent} />
      </Suspense>
    );
  const empty = state.loaded && state.timeline.length === 0 && state.plan_order.length === 0;
  if (empty) return <Welcome draft={draft} busy={busy} onSend={send} />;
  const shared = { session, client, theme, draft, busy, send, tell };
  return <Studio {...shared} step={route.step} />;
}

interface StudioProps {
  session: Session;
  client: Client;
  theme: Theme;
  /** The step that the address names. */
  step: string | undefined;
  draft: Draft;
  busy: boolean;
  send: () => void;
  tell: (problem: Spoken | null) => void;
}

/** Canvas and chat side by side; on a narrow window one at a time. */
function Studio({ session, client, theme, step, draft, busy, send, tell }: StudioProps) {
  const [shown, setShown] = useState<"canvas" | "chat">("canvas");
  const [moment, setMoment] = useState<string | null>(null);
  const said = moment === null ? session.state : saidBy(session.state, moment);
  return (
    <div className={`studio show-${shown}`}>
      <Stage session={session} client={client} theme={theme} step={step} tell={tell} onMoment={setMoment} />
      <aside className="chat" aria-label="Chat">
        {session.state.loaded ? <Timeline state={said} /> : <p className="opening">Opening the session</p>}
        <Composer
          draft={draft}
          busy={busy}
          onSend={send}
          label="Message"
          placeholder="Change the plan, or ask for something new"
        />
      </aside>
      <nav className="switch" aria-label="View">
        {(["canvas", "chat"] as const).map((view) => (
          <button key={view} type="button" aria-pressed={shown === view} onClick={() => setShown(view)}>
            <Icon name={view === "canvas" ? "graph" : "chat"} size={16} />{" "}
            {view === "canvas" ? "Canvas" : "Chat"}
          </button>
        ))}
      </nav>
    </div>
  );
}

function ProblemLine({ problem, onClose }: { problem: Spoken; onClose: () => void }) {
  return (
    <div className="problem" role="alert">
      <Icon name="alert" size={17} />
      <p>
        <strong>{problem.title}</strong> {problem.detail}
      </p>
      <button type="button" className="button quiet round" aria-label="Dismiss" onClick={onClose}>
        <Icon name="cross" size={15} />
      </button>
    </div>
  );
}

function useSending(client: Client, session: Session, tell: (problem: Spoken | null) => void) {
  const { dispatch } = session;
  const [busy, setBusy] = useState(false);
  const ensureSession = useEnsuredSession(client, session);
  const onUploaded = useCallback(
    (uploads: State["uploads"]) => dispatch({ type: "uploaded", uploads }),
    [dispatch],
  );
  const draft = useDraft(client, ensureSession, onUploaded);

  const send = async () => {
    const words = draft.text.trim();
    const upload_ids = draft.files.flatMap((file) => file.upload_id || []);
    const pending_id = `pending-${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
    setBusy(true);
    tell(null);
    try {
      const session_id = await ensureSession();
      dispatch({
        type: "message_sent",
        message: { message_id: pending_id, role: "user", text: words, assets: [], upload_ids, pending: true },
      });
      draft.clear();
      const body = {
        text: words,
        approval: draft.approval,
        mode: draft.planning,
        ...(upload_ids.length > 0 ? { upload_ids } : {}),
      };
      const answer = await client.post(`/v1/sessions/${session_id}/messages`, body);
      const message_id = text(answer.message_id) ?? text(answer.existing_id);
      if (message_id) dispatch({ type: "message_confirmed", pending_id, message_id });
    } catch (error) {
      dispatch({ type: "message_refused", pending_id });
      draft.setText(words);
      tell(speak(error));
    } finally {
      setBusy(false);
    }
  };
  return { draft, busy, send: () => void send() };
}

/** The session that is shown, or a new one; however often it is asked for meanwhile, one only. */
function useEnsuredSession(client: Client, { state, open }: Session): () => Promise<string> {
  const shown = useRef<string | null>(null);
  const making = useRef<Promise<string> | null>(null);
  useEffect(() => {
    shown.current = state.session_id;
    making.current = null;
  }, [state.session_id]);
  return useCallback(() => {
    const make = async () => {
      const answer = await client.post("/v1/sessions");
      const session_id = text(answer.session_id) ?? text(answer.existing_id) ?? "";
      const position = text(answer.position);
      open({ session_id, fresh: true, ...(position ? { position } : {}) });
      return session_id;
    };
    if (shown.current) return Promise.resolve(shown.current);
    making.current ??= make().catch((error: unknown) => {
      making.current = null;
      throw error;
    });
    return making.current;
  }, [client, open]);
}

function useAbout(client: Client): About | null {
  const [about, setAbout] = useState<About | null>(null);
  useEffect(() => {
    client.get("/v1/about").then(
      ({ planner, sandbox, version }) =>
        setAbout({ planner: text(planner) ?? "", sandbox: sandbox === true, version: text(version) ?? "" }),
      (error: unknown) => console.warn("The platform does not say who plans", error),
    );
  }, [client]);
  return about;
}
