/** What is reserved right now, job by job, and why it is not simply gone. */
import type { Client } from "../api/client.ts";
import { exact, sum } from "../kit/money.ts";
import { useAnswer } from "../kit/use-answer.ts";
import { addressOf, follow } from "../route.ts";
import type { Waiting } from "./model.ts";
import { readWaiting } from "./wire.ts";

const STATUS: Record<string, string> = { queued: "in the queue", dispatched: "starting", running: "running" };

export function Reserved({ client, reserved, moved }: { client: Client; reserved: number; moved: number }) {
  const waiting = useWaiting(client, reserved > 0, moved);
  if (reserved === 0) return null;
  const rest = reserved - sum(waiting.map((job) => job.reserved));
  return (
    <div className="balance-part" data-testid="reserved-now">
      <h3>Reserved right now</h3>
      <p className="quiet-words">
        Set aside for jobs that wait or run. When a job ends, you pay what it cost and the rest comes back; if
        it fails, all of it does.
      </p>
      <ul className="amounts">
        {waiting.map((job) => (
          <li key={job.job_id}>
            <WaitingJob job={job} />
            <strong>{exact(job.reserved)}</strong>
          </li>
        ))}
        {rest > 0 && waiting.length > 0 ? (
          <li>
            <span>Other jobs</span>
            <strong>{exact(rest)}</strong>
          </li>
        ) : null}
      </ul>
    </div>
  );
}

function WaitingJob({ job }: { job: Waiting }) {
  const words = `${job.model}, ${STATUS[job.status] ?? job.status}`;
  if (!job.session_id || !job.step_id) return <span>{words}</span>;
  return (
    <a href={addressOf({ view: "canvas", step: job.step_id }, job.session_id)} onClick={follow}>
      {words}
    </a>
  );
}

function useWaiting(client: Client, asked: boolean, moved: number): Waiting[] {
  const path = (status: string) => (asked ? `/v1/jobs?status=${status}&limit=50` : null);
  const running = useAnswer(client, path("running"), readWaiting, moved);
  const starting = useAnswer(client, path("dispatched"), readWaiting, moved);
  const queued = useAnswer(client, path("queued"), readWaiting, moved);
  const all = [running, starting, queued].flatMap(({ value }) => value ?? []);
  // Asked one after the other: a job that moved on meanwhile may be in two answers.
  return [...new Map(all.map((job) => [job.job_id, job])).values()];
}
