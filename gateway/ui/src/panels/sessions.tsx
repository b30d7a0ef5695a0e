/** The drawer of sessions, newest first. */
import { useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { isObject, list, text } from "../api/wire.ts";
import { Icon } from "../kit/icons.tsx";
import { addressOf, follow } from "../route.ts";

interface Listed {
  session_id: string;
  title: string;
  at: string | undefined;
}

interface SessionsProps {
  client: Client;
  current: string | null;
  onOpen: (session_id: string) => void;
  onNew: () => void;
  onClose: () => void;
}

export function Sessions({ client, current, onOpen, onNew, onClose }: SessionsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { items, cursor, problem, more } = useSessions(client);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="drawer"
      aria-label="Sessions"
      onClose={onClose}
      onPointerDown={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <div className="drawer-head">
        <h2>Sessions</h2>
        <button type="button" className="button small" onClick={onNew}>
          <Icon name="plus" size={15} /> New
        </button>
        <button type="button" className="button quiet round" aria-label="Close" onClick={onClose}>
          <Icon name="cross" size={16} />
        </button>
      </div>
      {problem ? <p role="alert">{problem.title}</p> : null}
      {items && items.length === 0 ? <p className="drawer-empty">No sessions yet.</p> : null}
      <ul className="session-list">
        {(items ?? []).map(({ session_id, title, at }) => (
          <li key={session_id}>
            <button
              type="button"
              aria-current={session_id === current ? "page" : undefined}
              onClick={() => onOpen(session_id)}
            >
              <span>{title || "Untitled session"}</span>
              {at ? <time dateTime={at}>{new Date(at).toLocaleString()}</time> : null}
            </button>
          </li>
        ))}
      </ul>
      {cursor ? (
        <button type="button" className="button small" onClick={more}>
          Older sessions
        </button>
      ) : null}
      <a
        className="button small quiet drawer-link"
        href={addressOf({ view: "prompts" })}
        onClick={(event) => {
          follow(event);
          onClose();
        }}
      >
        <Icon name="spark" size={15} /> Prompt Lab
      </a>
      <a
        className="button small quiet drawer-link"
        href={addressOf({ view: "dead-letters" })}
        onClick={(event) => {
          follow(event);
          onClose();
        }}
      >
        <Icon name="alert" size={15} /> Dead letters
      </a>
    </dialog>
  );
}

function useSessions(client: Client) {
  const [items, setItems] = useState<Listed[] | null>(null);
  const [cursor, setCursor] = useState<string | undefined>();
  const [problem, setProblem] = useState<Spoken | null>(null);
  const readPage = async (from: string | undefined) => {
    try {
      const page = await client.get(
        `/v1/sessions?limit=30${from ? `&cursor=${encodeURIComponent(from)}` : ""}`,
      );
      const read = list(page.items).flatMap(readListed);
      setItems((before) => (from === undefined ? read : [...(before ?? []), ...read]));
      setCursor(text(page.next_cursor));
    } catch (error) {
      setProblem(speak(error));
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, when the drawer opens
  useEffect(() => void readPage(undefined), []);
  return { items, cursor, problem, more: () => void readPage(cursor) };
}

function readListed(raw: unknown): Listed[] {
  const session_id = isObject(raw) ? text(raw.session_id) : undefined;
  if (!isObject(raw) || !session_id) return [];
  return [
    {
      session_id,
      title: text(raw.title) ?? "",
      at: text(raw.at) ?? text(raw.created_at) ?? text(raw.started_at),
    },
  ];
}
