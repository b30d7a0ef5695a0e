/** Where you are, who plans, how the connection is, and what is left to spend. */
import type { Connection } from "../api/stream.ts";
import { creditsNumber } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import type { Theme } from "../kit/theme.ts";
import { addressOf, follow } from "../route.ts";
import type { Credits } from "../state/model.ts";

export interface About {
  planner: string;
  sandbox: boolean;
  version: string;
}

interface TopBarProps {
  title: string;
  about: About | null;
  connection: Connection;
  credits: Credits | null;
  theme: Theme;
  onTheme: () => void;
  onSessions: () => void;
  onNew: () => void;
}

export function TopBar(props: TopBarProps) {
  const { title, about, connection, credits, theme, onTheme, onSessions, onNew } = props;
  const other = theme === "dark" ? "light" : "dark";
  return (
    <header className="top">
      <button
        type="button"
        className="button quiet round"
        aria-label="Sessions"
        title="Sessions"
        onClick={onSessions}
      >
        <Icon name="menu" />
      </button>
      <Mark />
      <h1 className="top-title">{title || "New session"}</h1>
      <button type="button" className="button quiet small top-new" onClick={onNew}>
        <Icon name="plus" size={15} /> New
      </button>
      <span className="top-space" />
      <Planner about={about} />
      <ConnectionMark connection={connection} />
      <CreditsMark credits={credits} />
      <button
        type="button"
        className="button quiet round"
        aria-label={`Switch to the ${other} theme`}
        title={`Switch to the ${other} theme`}
        onClick={onTheme}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
    </header>
  );
}

export function Mark() {
  return (
    <svg className="mark" width="26" height="26" viewBox="0 0 32 32" role="img" aria-label="AI Studio">
      <path d="M11 16c5 0 4-7 10-7M11 16c5 0 4 7 10 7" fill="none" stroke="currentColor" strokeWidth="2" />
      <circle cx="8.5" cy="16" r="4" fill="var(--medium-image)" />
      <circle cx="23.5" cy="9" r="4" fill="var(--medium-video)" />
      <circle cx="23.5" cy="23" r="4" fill="var(--medium-speech)" />
    </svg>
  );
}

function Planner({ about }: { about: About | null }) {
  if (!about) return null;
  const offline = about.planner === "offline";
  return (
    <>
      {about.sandbox ? (
        <span className="chip warn" title="Providers are simulated and cost nothing">
          Sandbox
        </span>
      ) : null}
      <span
        className={offline ? "chip warn planner" : "chip planner"}
        data-testid="planner"
        title={
          offline ? "No language model is configured: rules plan in its place" : `Planned by ${about.planner}`
        }
      >
        {offline ? (
          <>
            Offline planner <span className="planner-long">(rule-based stand-in)</span>
          </>
        ) : (
          about.planner
        )}
      </span>
    </>
  );
}

const CONNECTION: Record<Connection, string> = {
  connecting: "Connecting",
  live: "Live",
  catching_up: "Catching up",
  offline: "Offline",
};

function ConnectionMark({ connection }: { connection: Connection }) {
  return (
    <span className={`connection ${connection}`} role="status">
      <span className="connection-dot" aria-hidden="true" />
      <span className="connection-word">{CONNECTION[connection]}</span>
    </span>
  );
}

function CreditsMark({ credits }: { credits: Credits | null }) {
  if (!credits) return null;
  return (
    <a
      className="credits"
      href={addressOf({ view: "credits" })}
      title="Where your credits went"
      data-testid="credits"
      data-available={credits.available}
      data-reserved={credits.reserved}
      onClick={follow}
    >
      <strong>{creditsNumber(credits.available)}</strong> <span className="credits-word">credits</span>
      {credits.reserved > 0 ? (
        <span className="credits-reserved">{creditsNumber(credits.reserved)} reserved</span>
      ) : null}
    </a>
  );
}
