/** The runs of a plan: what each came to, two of them side by side, and the way back to an earlier one. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import { speak } from "../api/problems.ts";
import { creditsText, durationText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { moment } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { Compared } from "./compared.tsx";
import { type Run, readRuns } from "./wire.ts";

interface RunsProps {
  client: Client;
  plan_id: string;
  present: string | undefined;
  /** While the plan runs nothing can be gone back to. */
  settled: boolean;
  /** Words have changed the plan since its present run, and nobody has said yes to that: it can be undone. */
  edited: boolean;
  busy: boolean;
  /** Raised when the plan has changed, so that the list is read again. */
  moved: number;
  onRollback: (run_id: string) => void;
  onClose: () => void;
}

export function Runs({
  client,
  plan_id,
  present,
  settled,
  edited,
  busy,
  moved,
  onRollback,
  onClose,
}: RunsProps) {
  const answer = useAnswer(client, `/v1/plans/${plan_id}/runs`, readRuns, moved);
  const [chosen, setChosen] = useState<string[]>([]);
  const runs = answer.value ?? [];
  const pair = chosen.length === 2 ? ([...chosen].sort(byNumber) as [string, string]) : undefined;
  const choose = (run_id: string) =>
    setChosen((before) =>
      before.includes(run_id) ? before.filter((one) => one !== run_id) : [...before.slice(-1), run_id],
    );
  return (
    <aside className={pair ? "inspector runs wide" : "inspector runs"} aria-label="Runs" data-testid="runs">
      <header className="inspector-head">
        <h2>Runs</h2>
        <button type="button" className="button quiet round" aria-label="Close the runs" onClick={onClose}>
          <Icon name="cross" size={16} />
        </button>
      </header>
      <div className="inspector-body">
        {answer.error ? <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} /> : null}
        {!answer.value && !answer.error ? <Skeleton lines={3} label="Reading the runs" /> : null}
        {answer.value && runs.length === 0 ? <p className="runs-none">It has not run yet.</p> : null}
        <ul className="runs-list">
          {runs.map((run) => (
            <RunLine
              key={run.run_id}
              run={run}
              present={run.run_id === present}
              edited={edited}
              chosen={chosen.includes(run.run_id)}
              onChoose={() => choose(run.run_id)}
              onRollback={(settled || edited) && !busy ? () => onRollback(run.run_id) : undefined}
            />
          ))}
        </ul>
        {runs.length > 1 && !pair ? <p className="runs-hint">Choose two to see them side by side.</p> : null}
        {pair ? <Compared client={client} plan_id={plan_id} pair={pair} /> : null}
      </div>
    </aside>
  );
}

const numberOf = (run_id: string): number => Number(run_id.slice(run_id.lastIndexOf(".") + 1));
const byNumber = (one: string, other: string): number => numberOf(one) - numberOf(other);

interface LineProps {
  run: Run;
  present: boolean;
  edited: boolean;
  chosen: boolean;
  onChoose: () => void;
  onRollback: (() => void) | undefined;
}

function RunLine({ run, present, edited, chosen, onChoose, onRollback }: LineProps) {
  const seconds =
    run.started_at && run.ended_at
      ? (Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000
      : undefined;
  const facts = [
    `${run.ran} ${run.ran === 1 ? "step" : "steps"}${run.kept ? `, ${run.kept} kept` : ""}`,
    run.cost === undefined ? undefined : creditsText(run.cost),
    seconds === undefined ? undefined : durationText(seconds),
  ];
  return (
    <li className={present ? "run present" : "run"} data-run={run.number}>
      <label>
        <input
          type="checkbox"
          checked={chosen}
          onChange={onChoose}
          aria-label={`Compare run ${run.number}`}
        />
        <span>
          <strong>Run {run.number}</strong> <span className={`run-status ${run.status}`}>{run.status}</span>
          {present ? <span className="run-present">present</span> : null}
          <small>{facts.filter(Boolean).join(" · ")}</small>
          {run.started_at ? <small>{moment(run.started_at)}</small> : null}
        </span>
      </label>
      {(present && !edited) || !onRollback || run.status === "running" ? null : (
        <button type="button" className="button small" onClick={onRollback}>
          <Icon name="undo" size={14} /> {present ? "Undo the edit" : "Go back to it"}
        </button>
      )}
    </li>
  );
}
