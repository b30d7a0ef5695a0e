/** Where the person writes: words, files, and how much the platform may do by itself. */
import { useId, useRef } from "react";
import { Icon } from "../kit/icons.tsx";
import type { Approval, Attachment, Draft, Planning } from "./use-draft.ts";

interface ComposerProps {
  draft: Draft;
  placeholder: string;
  label: string;
  busy: boolean;
  onSend: () => void;
  autoFocus?: boolean;
}

export function Composer({ draft, placeholder, label, busy, onSend, autoFocus = false }: ComposerProps) {
  const uploading = draft.files.some((file) => file.state === "uploading");
  const ready = draft.text.trim() !== "" && !busy && !uploading;
  const send = () => ready && onSend();
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        draft.attach(event.dataTransfer.files);
      }}
    >
      <Attachments files={draft.files} onRemove={draft.detach} />
      <textarea
        aria-label={label}
        placeholder={placeholder}
        value={draft.text}
        rows={3}
        // biome-ignore lint/a11y/noAutofocus: the only thing to do on an empty page
        autoFocus={autoFocus}
        onChange={(event) => draft.setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <div className="composer-foot">
        <FileButton onFiles={draft.attach} />
        <Modes value={draft.approval} onChange={draft.setApproval} />
        <Planner value={draft.planning} onChange={draft.setPlanning} />
        <button
          type="submit"
          className="button primary round"
          disabled={!ready}
          aria-label="Send"
          title="Send (Enter)"
        >
          <Icon name="send" size={17} />
        </button>
      </div>
    </form>
  );
}

function FileButton({ onFiles }: { onFiles: (files: Iterable<File>) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="button quiet round"
        aria-label="Add files"
        title="Add files"
        onClick={() => input.current?.click()}
      >
        <Icon name="clip" size={18} />
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to add"
        onChange={(event) => {
          onFiles(Array.from(event.target.files ?? []));
          event.target.value = "";
        }}
      />
    </>
  );
}

const MODES: { value: Approval; word: string; means: string }[] = [
  { value: "plan", word: "Plan", means: "Proposes a plan and runs nothing" },
  { value: "assist", word: "Assist", means: "Shows steps and cost, and waits for your yes" },
  { value: "auto", word: "Auto", means: "Plans and runs without asking" },
];

function Modes({ value, onChange }: { value: Approval; onChange: (value: Approval) => void }) {
  const name = useId();
  return (
    <fieldset className="modes">
      <legend className="sr-only">How much may run without asking</legend>
      {MODES.map((mode) => (
        <label key={mode.value} title={mode.means} className={mode.value === value ? "chosen" : ""}>
          <input
            type="radio"
            className="sr-only"
            name={name}
            value={mode.value}
            checked={mode.value === value}
            onChange={() => onChange(mode.value)}
          />
          {mode.word}
          <span className="sr-only">: {mode.means}</span>
        </label>
      ))}
    </fieldset>
  );
}

const PLANNING: { value: Planning; word: string; means: string }[] = [
  {
    value: "subagent",
    word: "After the plan",
    means: "Steps first; then the model that fits best is chosen for each. Quicker to plan",
  },
  {
    value: "full",
    word: "With the plan",
    means: "The planner knows every model, and chooses them and their settings as it plans",
  },
];

/** Rarely changed, so behind a button: its mark says when it is not as usual. */
function Planner({ value, onChange }: { value: Planning; onChange: (value: Planning) => void }) {
  const name = useId();
  return (
    <details
      className="planning"
      onBlur={(event) => {
        const { currentTarget, relatedTarget } = event;
        if (!currentTarget.contains(relatedTarget)) currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.open = false;
      }}
    >
      <summary
        className={value === "full" ? "button quiet round chosen" : "button quiet round"}
        aria-label="Planning options"
        title="Planning options"
      >
        <Icon name="graph" size={17} />
      </summary>
      <fieldset>
        <legend>When models are chosen</legend>
        {PLANNING.map((one) => (
          <label key={one.value}>
            <input
              type="radio"
              name={name}
              value={one.value}
              checked={one.value === value}
              onChange={() => onChange(one.value)}
            />
            <span>
              <strong>{one.word}</strong>
              <span className="quiet-words">{one.means}.</span>
            </span>
          </label>
        ))}
      </fieldset>
    </details>
  );
}

function Attachments({ files, onRemove }: { files: Attachment[]; onRemove: (key: string) => void }) {
  if (files.length === 0) return null;
  return (
    <ul className="attachments" aria-label="Files to send">
      {files.map((file) => (
        <li key={file.key} className={file.state}>
          <Icon name={file.state === "failed" ? "alert" : "file"} size={14} />
          <span className="attachment-name">{file.name}</span>
          {file.state === "uploading" ? <span className="quiet-words">uploading</span> : null}
          {file.problem ? (
            <span role="alert">
              {file.problem.title}. {file.problem.detail}
            </span>
          ) : null}
          <button type="button" aria-label={`Remove ${file.name}`} onClick={() => onRemove(file.key)}>
            <Icon name="cross" size={13} />
          </button>
        </li>
      ))}
    </ul>
  );
}
