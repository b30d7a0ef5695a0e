/** The conversation: messages, thoughts and what became of them, in the order in which they came. */
import { useEffect, useRef } from "react";
import { Icon } from "../kit/icons.tsx";
import { fileName, shapeOf } from "../kit/media.ts";
import type { AgentCall, Asset, Message, Notice, State } from "../state/model.ts";
import { Thoughts } from "./thoughts.tsx";

type Row =
  | { kind: "message"; id: string; message: Message }
  | { kind: "notice"; id: string; notice: Notice }
  | { kind: "calls"; id: string; calls: AgentCall[] };

/** What had been said by a moment of the past; what became of it is told by the canvas. */
export function saidBy(state: State, moment: string): State {
  const then = Date.parse(moment);
  const later = state.timeline.findIndex(
    ({ kind, id }) => kind === "message" && !(Date.parse(state.messages[id]?.at ?? "") <= then),
  );
  const said = later < 0 ? state.timeline : state.timeline.slice(0, later);
  return { ...state, timeline: said.filter(({ kind }) => kind !== "notice") };
}

/** Calls that follow one another are one block of thought. */
export function rowsOf({ timeline, messages, notices, calls }: State): Row[] {
  const rows: Row[] = [];
  for (const { kind, id } of timeline) {
    const [message, notice, call] = [messages[id], notices[id], calls[id]];
    const last = rows.at(-1);
    if (kind === "message" && message) rows.push({ kind, id, message });
    else if (kind === "notice" && notice) rows.push({ kind, id, notice });
    else if (kind === "call" && call && last?.kind === "calls") last.calls.push(call);
    else if (kind === "call" && call) rows.push({ kind: "calls", id, calls: [call] });
  }
  return rows;
}

export function Timeline({ state }: { state: State }) {
  const rows = rowsOf(state);
  const end = useRef<HTMLLIElement>(null);
  const grown = rows.length;
  useEffect(() => {
    if (grown) end.current?.scrollIntoView({ block: "nearest" });
  }, [grown]);
  return (
    <ol className="timeline" aria-label="Conversation" aria-live="polite" aria-relevant="additions">
      {rows.map((row) => (
        <li key={row.id} className={`row row-${row.kind}`}>
          <RowView row={row} uploads={state.uploads} />
        </li>
      ))}
      <li ref={end} aria-hidden="true" className="timeline-end" />
    </ol>
  );
}

function RowView({ row, uploads }: { row: Row; uploads: State["uploads"] }) {
  switch (row.kind) {
    case "message":
      return <Bubble message={row.message} uploads={uploads} />;
    case "calls":
      return <Thoughts calls={row.calls} />;
    case "notice":
      return <NoticeLine notice={row.notice} />;
  }
}

function Bubble({ message, uploads }: { message: Message; uploads: State["uploads"] }) {
  const sent = (message.upload_ids ?? []).flatMap((upload_id) => uploads[upload_id] ?? []);
  const who = message.role === "user" ? "You" : "Studio";
  return (
    <div className={`bubble ${message.role}${message.pending ? " pending" : ""}`} data-role={message.role}>
      <span className="sr-only">{who}: </span>
      <p>{message.text}</p>
      <Files assets={[...sent, ...message.assets]} />
    </div>
  );
}

function NoticeLine({ notice }: { notice: Notice }) {
  const icon = { good: "check", bad: "alert", plain: "clock" }[notice.tone];
  return (
    <div
      className={`notice ${notice.tone}`}
      role={notice.tone === "bad" ? "alert" : undefined}
      data-testid="notice"
    >
      <Icon name={icon} size={16} />
      <div>
        <p>
          <strong>{notice.text}</strong> {notice.detail ? <span>{notice.detail}</span> : null}
        </p>
        <Files assets={notice.assets} />
      </div>
    </div>
  );
}

function Files({ assets }: { assets: Asset[] }) {
  if (assets.length === 0) return null;
  return (
    <ul className="files">
      {assets.map((asset) => (
        <li key={asset.asset_id ?? asset.url}>
          <a href={asset.url} download={fileName(asset, shapeOf(asset))}>
            <Icon name={FILE_ICON[shapeOf(asset)]} size={14} />
            {fileName(asset, shapeOf(asset))}
          </a>
        </li>
      ))}
    </ul>
  );
}

const FILE_ICON = { image: "image", video: "video", audio: "audio", model: "3d", text: "text", file: "file" };
