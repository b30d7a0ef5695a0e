/** One line explained: the way from a person's words to it, what the job cost, and its neighbours in the books. */
import { useEffect, useMemo, useRef } from "react";
import type { Client } from "../api/client.ts";
import { Icon } from "../kit/icons.tsx";
import { exact, signed, sum } from "../kit/money.ts";
import { Skeleton } from "../kit/skeleton.tsx";
import { moment } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { ExplainJob } from "./explain-job.tsx";
import { ExplainPath } from "./explain-path.tsx";
import { ExplainSeal } from "./explain-seal.tsx";
import type { Entry, Explanation, Names } from "./model.ts";
import { SiblingLines } from "./sibling-lines.tsx";
import { troubleOf } from "./trouble.ts";
import { readExplanation } from "./wire.ts";
import { accountText, headlineOf, titleOf } from "./words.ts";

interface ExplainProps {
  client: Client;
  entry_id: string;
  names: Names;
  moved: number;
  onClose: () => void;
}

export function Explain({ client, entry_id, names, moved, onClose }: ExplainProps) {
  const path = `/v1/credits/entries/${encodeURIComponent(entry_id)}/explain`;
  const { value, error, again } = useAnswer(client, path, readExplanation, moved);
  const title = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows to each line that is opened
  useEffect(() => title.current?.focus(), [entry_id]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && onClose();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onClose]);
  return (
    <aside className="explain" aria-label="Explanation" data-testid="explain">
      <header className="explain-head">
        <h2 ref={title} tabIndex={-1}>
          {value ? titleOf(value, names) : "This line"}
        </h2>
        <button type="button" className="button quiet round" aria-label="Close" onClick={onClose}>
          <Icon name="cross" size={16} />
        </button>
      </header>
      <div className="explain-body">
        {value ? (
          <Explained explanation={value} names={names} />
        ) : error === undefined ? (
          <Skeleton lines={9} label="Reading how this came about" />
        ) : (
          <TroubleNote trouble={troubleOf(error, "The explanation of this line")} onAgain={again} />
        )}
      </div>
    </aside>
  );
}

function Explained({ explanation, names }: { explanation: Explanation; names: Names }) {
  const { entry, job, cause, siblings } = explanation;
  const lines = useMemo(() => withItself(siblings, entry), [siblings, entry]);
  return (
    <>
      <Movement explanation={explanation} names={names} />
      {explanation.chain.length > 0 ? <ExplainPath explanation={explanation} names={names} /> : null}
      {job ? <ExplainJob job={job} /> : null}
      {lines.length > 1 ? <SiblingLines lines={lines} entry={entry} cause={cause} names={names} /> : null}
      <ExplainSeal entry={entry} />
    </>
  );
}

const withItself = (siblings: readonly Entry[], entry: Entry): Entry[] =>
  [...siblings.filter(({ entry_id }) => entry_id !== entry.entry_id), entry].sort((a, b) => a.seq - b.seq);

function Movement({ explanation, names }: { explanation: Explanation; names: Names }) {
  const { entry, balances } = explanation;
  const { figure, word } = headlineOf(entry);
  return (
    <section className="movement">
      <p className="movement-figure">
        {figure} <span className="balance-unit">{word}</span>
      </p>
      <p className="quiet-words">
        {moment(entry.at)}
        {balances
          ? `. After it, ${exact(balances.available + sum(Object.values(balances.allocations)))} were left to spend.`
          : ""}
      </p>
      <table className="postings">
        <caption className="sr-only">Where it moved</caption>
        <tbody>
          {entry.postings.map(({ account, amount }) => (
            <tr key={account}>
              <th scope="row">{accountText(account, names)}</th>
              <td>{signed(amount)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
