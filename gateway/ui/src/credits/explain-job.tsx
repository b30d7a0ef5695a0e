/** The job's money: what was estimated and set aside, what it really cost, what came back, how often it was tried. */
import { Icon } from "../kit/icons.tsx";
import { exact } from "../kit/money.ts";
import { clock } from "../kit/times.ts";
import type { Attempt, Job, Priced } from "./model.ts";
import { pricedText } from "./words.ts";

export function ExplainJob({ job }: { job: Job }) {
  const { captured, reserved, uncollected } = job;
  return (
    <section data-testid="explain-job">
      <h3>What the job cost</h3>
      <p className="quiet-words">
        <span className="mono">{job.model}</span> at {job.provider || "no provider yet"}, {job.status}
      </p>
      <dl className="bill">
        <Lines title="Estimate" lines={job.price} />
        <Total title="Reserved" amount={reserved} />
        {captured === undefined ? null : (
          <>
            <Lines title="Bill" lines={job.bill} />
            <Total title="Captured" amount={captured} strong />
            <Total title="Returned" amount={reserved - captured} />
          </>
        )}
        {uncollected ? <Total title="Beyond the reservation, not charged" amount={uncollected} /> : null}
      </dl>
      {job.replay_of ? (
        <p className="quiet-words">
          A repeat of <span className="mono">{job.replay_of}</span>, paid on its own.
        </p>
      ) : null}
      <Attempts attempts={job.attempts} />
    </section>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly Priced[] }) {
  return lines.map((line) => (
    <div key={`${title} ${line.unit}`} className="bill-line">
      <dt>
        {title}: {pricedText(line)}
      </dt>
      <dd>{exact(line.amount)}</dd>
    </div>
  ));
}

function Total({ title, amount, strong = false }: { title: string; amount: number; strong?: boolean }) {
  return (
    <div className={strong ? "bill-total is-strong" : "bill-total"}>
      <dt>{title}</dt>
      <dd>{exact(amount)}</dd>
    </div>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return null;
  return (
    <ul className="attempts">
      {attempts.map((attempt, index) => (
        <li key={attempt.lease}>
          <Icon name={attempt.category ? "alert" : "check"} size={14} />
          <span>
            Attempt {index + 1} at {attempt.provider}
            {attempt.category ? `: ${attempt.category.replaceAll("_", " ")}` : ""}
            {attempt.started_at ? `, ${clock(attempt.started_at)}` : ""}
            {attempt.ended_at ? ` to ${clock(attempt.ended_at)}` : ""}
          </span>
          <span className="mono">lease {attempt.lease}</span>
        </li>
      ))}
    </ul>
  );
}
