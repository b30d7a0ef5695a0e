/** A variant's text: read, changed with the difference to what is published in sight, published as its next version. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { number, text } from "../api/wire.ts";
import { Choice } from "../credits/choice.tsx";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { moment } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { DiffView } from "./diff-view.tsx";
import { readVersions, type Variant, type Version } from "./wire.ts";
import { nameOf } from "./words.ts";

interface EditorProps {
  client: Client;
  of: Variant;
  /** After which the text is read: that of this key's own last change. */
  position: string;
  /** A new variant is being written, from the text of this one. */
  drafting: boolean;
  /** Names that a new variant cannot have: publishing under them would be their next version. */
  taken: string[];
  onDraft: (drafting: boolean) => void;
  onPublished: (of: { owner: string; variant: string }, position: string) => void;
}

export function Editor(props: EditorProps) {
  const { client, of, drafting } = props;
  const [after] = useState(props.position && `&after=${encodeURIComponent(props.position)}`);
  const path = `/v1/prompts/${of.agent}/${of.variant}/versions?owner=${encodeURIComponent(of.owner)}${after}`;
  const answer = useAnswer(client, path, readVersions);
  const versions = answer.value;
  return (
    <section className="sheet" aria-labelledby="editor-title">
      <header className="sheet-head">
        <h2 id="editor-title">{drafting ? "A new variant" : nameOf(of)}</h2>
        {of.publishable ? (
          <button type="button" className="button small" onClick={() => props.onDraft(!drafting)}>
            {drafting ? (
              "Leave it"
            ) : (
              <>
                <Icon name="plus" size={14} /> New variant from this
              </>
            )}
          </button>
        ) : null}
      </header>
      {answer.error ? <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} /> : null}
      {!versions && !answer.error ? <Skeleton lines={6} label="Reading the text" /> : null}
      {versions?.[0] ? <Writing {...props} newest={versions[0]} versions={versions} /> : null}
    </section>
  );
}

type Shown = "text" | "changes" | "versions";
const WORDS: Record<Shown, string> = { text: "Text", changes: "Changes", versions: "Versions" };

interface WritingProps extends EditorProps {
  newest: Version;
  versions: Version[];
}

function Writing({ client, of, drafting, taken, onPublished, newest, versions }: WritingProps) {
  const [shown, setShown] = useState<Shown>("text");
  const [name, setName] = useState("");
  const [words, setWords] = useState(newest.text);
  const [model, setModel] = useState(newest.model ?? "");
  const { busy, trouble, publish } = usePublishing(client, of.agent, onPublished);
  const editable = of.editable || drafting;
  const named = !drafting || (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name) && !taken.includes(name));
  const changed = drafting || words !== newest.text || model.trim() !== (newest.model ?? "");
  const send = () =>
    publish(drafting ? name : of.variant, {
      text: words,
      based_on: drafting ? 0 : newest.version,
      ...(model.trim() ? { model: model.trim() } : {}),
      ...(drafting ? { weight: 0 } : {}),
    });
  return (
    <div className="lab-writing">
      {drafting ? <NameField name={name} taken={taken} onName={setName} /> : null}
      <Choice
        label="What is shown"
        options={["text", "changes", "versions"] as const}
        shown={shown}
        onChoose={setShown}
        wordOf={(one) => WORDS[one]}
      />
      {shown === "text" ? (
        <textarea
          className="lab-text"
          aria-label="Text of the prompt"
          spellCheck={false}
          readOnly={!editable}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      ) : null}
      {shown === "changes" ? <DiffView before={newest.text} after={words} /> : null}
      {shown === "versions" ? (
        <Versions versions={versions} words={words} onTake={editable ? (text) => take(text) : undefined} />
      ) : null}
      <footer className="lab-foot">
        <label className="lab-model">
          <span>Language model</span>
          <input
            value={model}
            placeholder="as configured"
            readOnly={!editable}
            onChange={(event) => setModel(event.target.value)}
          />
        </label>
        {editable ? (
          <button
            type="button"
            className="button primary small"
            disabled={busy || !changed || !named || !words.trim()}
            onClick={send}
          >
            {drafting ? "Publish as a new variant" : `Publish version ${newest.version + 1}`}
          </button>
        ) : (
          <p className="quiet-words">
            {of.publishable
              ? "The platform's own. Make a variant from it to change it for your organisation."
              : "The platform's own, for all organisations."}
          </p>
        )}
      </footer>
      {trouble ? <TroubleNote trouble={trouble} /> : null}
    </div>
  );

  function take(text: string) {
    setWords(text);
    setShown("text");
  }
}

interface NameProps {
  name: string;
  taken: string[];
  onName: (name: string) => void;
}

function NameField({ name, taken, onName }: NameProps) {
  const used = taken.includes(name);
  return (
    <label className="lab-model">
      <span>Name</span>
      <input
        value={name}
        placeholder="brief"
        maxLength={64}
        aria-invalid={used}
        onChange={(event) => onName(event.target.value)}
      />
      <span className={used ? "field-trouble" : "quiet-words"}>
        {used
          ? "You have a variant of this name."
          : "It takes no sessions until you give it a weight. Then your own variants take all of them, and the platform's none."}
      </span>
    </label>
  );
}

interface VersionsProps {
  versions: Version[];
  words: string;
  onTake: ((text: string) => void) | undefined;
}

function Versions({ versions, words, onTake }: VersionsProps) {
  const [open, setOpen] = useState(versions[1]?.version ?? versions[0]?.version);
  const chosen = versions.find(({ version }) => version === open);
  return (
    <div className="lab-versions">
      <ol>
        {versions.map((one) => (
          <li key={one.version}>
            <button
              type="button"
              className="lab-name"
              aria-pressed={one.version === open}
              onClick={() => setOpen(one.version)}
            >
              Version {one.version}
              <span>{one.published_at ? moment(one.published_at) : ""}</span>
            </button>
          </li>
        ))}
      </ol>
      {chosen ? (
        <div>
          <p className="quiet-words">From version {chosen.version} to the text above.</p>
          <DiffView before={chosen.text} after={words} />
          {onTake && chosen.text !== words ? (
            <button type="button" className="button small" onClick={() => onTake(chosen.text)}>
              <Icon name="undo" size={14} /> Take its text
            </button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

function usePublishing(client: Client, agent: string, onPublished: EditorProps["onPublished"]) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const publish = async (variant: string, body: Record<string, unknown>) => {
    setBusy(true);
    setTrouble(null);
    try {
      const answer = await client.put(`/v1/prompts/${agent}/${encodeURIComponent(variant)}`, body);
      if (number(answer.version) !== undefined)
        onPublished({ owner: text(answer.owner) ?? "", variant }, text(answer.position) ?? "");
    } catch (error) {
      setTrouble(speak(error));
      setBusy(false);
    }
  };
  return { busy, trouble, publish: (...order: Parameters<typeof publish>) => void publish(...order) };
}
