/** How an agent's variants do: figures of each, and whether two of them differ by more than chance. */
import { useMemo, useState } from "react";
import type { Client } from "../api/client.ts";
import { speak } from "../api/problems.ts";
import { Choice } from "../credits/choice.tsx";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { daysBefore } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { type Comparison, type Figures, readMetrics } from "./wire.ts";
import { count, measureLabel, nameOf, percent, sideText, size, time, verdictText } from "./words.ts";

const DAYS = [7, 30, 90] as const;

export function MetricsSheet({ client, agent }: { client: Client; agent: string }) {
  const [days, setDays] = useState<(typeof DAYS)[number]>(30);
  const from = useMemo(() => daysBefore(new Date(), days).toISOString(), [days]);
  const path = `/v1/agents/metrics?agent=${agent}&from=${encodeURIComponent(from)}`;
  const answer = useAnswer(client, path, readMetrics);
  return (
    <section className="sheet" aria-labelledby="metrics-title">
      <header className="sheet-head">
        <h2 id="metrics-title">How they do</h2>
        <button type="button" className="button small quiet" onClick={answer.again}>
          <Icon name="redo" size={14} /> Count again
        </button>
        <Choice label="Time" options={DAYS} shown={days} onChoose={setDays} wordOf={(n) => `${n} days`} />
      </header>
      {answer.error ? <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} /> : null}
      {!answer.value && !answer.error ? <Skeleton lines={3} label="Counting" /> : null}
      {answer.value && answer.value.items.length === 0 ? (
        <p className="empty-words">It was not called in these {days} days.</p>
      ) : null}
      {answer.value && answer.value.items.length > 0 ? (
        <>
          <FiguresTable items={answer.value.items} />
          {answer.value.items.some(({ auto }) => auto > 0) ? <p className="quiet-words">{AUTO}</p> : null}
          <Comparisons comparisons={answer.value.comparisons} />
        </>
      ) : null}
    </section>
  );
}

const AUTO =
  "Auto: plans that ran without asking. Nobody accepted or rejected them, so that Accepted leaves them out.";

type Column = [name: string, of: (item: Figures) => string];

const COLUMNS: Column[] = [
  ["Calls", (item) => count(item.calls)],
  ["Tokens in", (item) => size(item.tokens_in)],
  ["Tokens out", (item) => size(item.tokens_out)],
  ["Median", (item) => time(item.p50_ms)],
  ["95 of 100", (item) => time(item.p95_ms)],
  ["Failed", (item) => percent(item.error_rate)],
  ["Plans", (item) => (item.plans ? count(item.plans) : "–")],
  ["Accepted", (item) => percent(item.acceptance_rate)],
  ["Auto", (item) => (item.plans ? count(item.auto) : "–")],
  ["Revisions", (item) => (item.revise_rounds === undefined ? "–" : item.revise_rounds.toFixed(2))],
];

function FiguresTable({ items }: { items: Figures[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and keys must reach it
    <section className="table-scroll lab-table" tabIndex={0} aria-label="Figures of each variant">
      <table>
        <thead>
          <tr>
            <th scope="col">Variant</th>
            {COLUMNS.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.owner}/${item.variant}`}>
              <th scope="row">{nameOf(item)}</th>
              {COLUMNS.map(([name, of]) => (
                <td key={name}>{of(item)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Comparisons({ comparisons }: { comparisons: Comparison[] }) {
  if (comparisons.length === 0)
    return <p className="quiet-words lab-alone">A second variant would be compared with this one here.</p>;
  return (
    <ul className="lab-comparisons" aria-label="Comparisons">
      {comparisons.map((found) => (
        <li
          key={`${found.measure} ${found.b.owner}/${found.b.variant}`}
          className={found.verdict === "different" ? "is-told" : "is-open"}
        >
          <p>
            <strong>{measureLabel(found.measure)}</strong>
            <span>
              {nameOf(found.a)} {sideText(found, found.a)} · {nameOf(found.b)} {sideText(found, found.b)}
            </span>
          </p>
          <p className="lab-verdict">
            <Icon name={found.verdict === "different" ? "check" : "clock"} size={15} /> {verdictText(found)}
          </p>
        </li>
      ))}
    </ul>
  );
}
