/** The variants of an agent's prompt, and which share of new sessions each is given. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { text } from "../api/wire.ts";
import { moment } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { readWeight, shares, weightsOf } from "./weights.ts";
import type { Variant } from "./wire.ts";
import { nameOf, percent, promptLabel } from "./words.ts";

interface VariantsProps {
  client: Client;
  agent: string;
  variants: Variant[];
  shown: string | null;
  onShow: (variant: Variant) => void;
  onWeighed: (position: string) => void;
}

export function VariantsSheet({ client, agent, variants, shown, onShow, onWeighed }: VariantsProps) {
  const weighing = useWeighing(client, agent, variants, onWeighed);
  const own = variants.filter(({ editable }) => editable);
  const shadowed = own.length > 0 && own.length < variants.length;
  const closed = variants.some(({ publishable }) => !publishable);
  return (
    <section className="sheet" aria-labelledby="variants-title">
      <header className="sheet-head">
        <h2 id="variants-title">{promptLabel(agent)}</h2>
        {weighing.changed ? (
          <>
            <button type="button" className="button small quiet" onClick={weighing.undo}>
              Undo
            </button>
            <button
              type="button"
              className="button small primary"
              disabled={weighing.busy || !weighing.valid}
              onClick={weighing.apply}
            >
              Apply weights
            </button>
          </>
        ) : null}
      </header>
      <p className="quiet-words">{closed ? FOR_ALL : own.length === 0 ? NONE_OWN : SHARED}</p>
      {shadowed ? <p className="quiet-words">{OWN_TAKE_ALL}</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and keys must reach it */}
      <section className="table-scroll lab-table" tabIndex={0} aria-label="Variants">
        <table>
          <thead>
            <tr>
              {["Variant", "Version", "Published", "New sessions", "Weight"].map((name) => (
                <th key={name} scope="col" className={name === "Published" ? "is-lesser" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {variants.map((one) => (
              <Row
                key={`${one.owner}/${one.variant}`}
                one={one}
                current={`${one.owner}/${one.variant}` === shown}
                share={weighing.shareOf(one)}
                typed={weighing.typed[one.variant]}
                onType={(typed) => weighing.type(one.variant, typed)}
                onShow={() => onShow(one)}
              />
            ))}
          </tbody>
        </table>
      </section>
      {weighing.trouble ? <TroubleNote trouble={weighing.trouble} /> : null}
    </section>
  );
}

const SHARED =
  "A new session is given one variant by weight and keeps it to its end. A weight of 0 takes no new sessions.";
const OWN_TAKE_ALL =
  "Variants of your own stand in the place of the platform's: as long as one of them has a weight, they take all new sessions of your organisation among them, and the platform's take none. A single one takes 100 %, whatever its weight.";
const NONE_OWN =
  "Your sessions use the platform's prompt. A variant of your own that has a weight takes its place, for your organisation only: the first takes 100 % of your new sessions, whatever its weight.";
const FOR_ALL =
  "This agent works for all organisations at once, with the platform's prompt: only the platform can publish it.";

interface RowProps {
  one: Variant;
  current: boolean;
  share: number;
  typed: string | undefined;
  onType: (typed: string) => void;
  onShow: () => void;
}

function Row({ one, current, share, typed, onType, onShow }: RowProps) {
  const shown = typed ?? String(one.weight);
  return (
    <tr className={current ? "is-shown" : undefined}>
      <th scope="row">
        <button type="button" className="lab-name" aria-pressed={current} onClick={onShow}>
          {nameOf(one)}
        </button>
      </th>
      <td>{one.version}</td>
      <td className="is-lesser">{one.published_at ? moment(one.published_at) : "–"}</td>
      <td>
        <span className="lab-share">
          <span className="lab-share-bar" aria-hidden="true">
            <span style={{ width: `${share * 100}%` }} />
          </span>
          {percent(share)}
        </span>
      </td>
      <td>
        {one.editable ? (
          <input
            className="lab-weight"
            inputMode="numeric"
            aria-label={`Weight of ${one.variant}`}
            aria-invalid={readWeight(shown) === undefined}
            value={shown}
            onChange={(event) => onType(event.target.value)}
          />
        ) : (
          one.weight
        )}
      </td>
    </tr>
  );
}

/** What is typed over the weights as they stand; shares are those that would be. */
function useWeighing(
  client: Client,
  agent: string,
  variants: Variant[],
  onWeighed: (position: string) => void,
) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const standing = weightsOf(variants);
  const read = Object.entries(typed).map(([variant, words]) => [variant, readWeight(words)] as const);
  const valid = read.every(([, weight]) => weight !== undefined);
  const changed = read.some(([variant, weight]) => weight !== standing[variant]);
  const wanted = Object.fromEntries(
    read.flatMap(([variant, weight]) => (weight === undefined ? [] : [[variant, weight]])),
  );
  const would = shares({ ...standing, ...wanted });
  const some = Object.values({ ...standing, ...wanted }).some((weight) => weight > 0);
  const shareOf = (one: Variant) => {
    if (!changed) return one.share;
    if (one.editable) return would[one.variant] ?? 0;
    return some ? 0 : (shares(Object.fromEntries(others(variants)))[one.variant] ?? 0);
  };
  const apply = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      const answer = await client.put(`/v1/prompts/${agent}`, { weights: wanted });
      setTyped({});
      onWeighed(text(answer.position) ?? "");
    } catch (error) {
      setTrouble(speak(error));
    } finally {
      setBusy(false);
    }
  };
  return {
    typed,
    busy,
    trouble,
    valid,
    changed,
    shareOf,
    type: (variant: string, words: string) => setTyped((before) => ({ ...before, [variant]: words })),
    undo: () => setTyped({}),
    apply: () => void apply(),
  };
}

const others = (variants: Variant[]) =>
  variants.filter(({ editable }) => !editable).map(({ variant, weight }) => [variant, weight] as const);
