/** Dead letters: jobs whose attempts are used up, with what each provider said; run again, or set aside. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import { STEP_ADVICE, speak } from "../api/problems.ts";
import { text } from "../api/wire.ts";
import { creditsText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { addressOf, follow } from "../route.ts";
import { AllOfThem } from "./all-of-them.tsx";
import { type Act, isDecided, type Outcome, type Outcomes } from "./many.ts";
import { type Attempt, type DeadJob, readDead } from "./wire.ts";

export function DlqView({ client }: { client: Client }) {
  const answer = useAnswer(client, "/v1/dlq?limit=100", readDead);
  const [done, setDone] = useState<Outcomes>({});
  const jobs = answer.value?.jobs ?? [];
  const waiting = jobs.filter((job) => !isDecided(done[job.job_id])).map((job) => job.job_id);
  const more = answer.value?.cursor !== undefined;
  const onDone = (outcomes: Outcomes) => setDone((before) => ({ ...before, ...outcomes }));
  return (
    <div className="credits-page">
      <main className="credits-main" aria-label="Dead letters">
        <div className="credits-sheetset">
          <header className="credits-head">
            <a className="button quiet small" href={addressOf({ view: "canvas" })} onClick={follow}>
              <Icon name="back" size={15} /> Back to the canvas
            </a>
          </header>
          <section className="sheet" aria-labelledby="dead-title">
            <header className="sheet-head">
              <h2 id="dead-title">Dead letters</h2>
              <span>
                {answer.value ? `${waiting.length}${more ? " and more" : ""} waiting for a decision` : null}
              </span>
            </header>
            <p className="dead-words">
              Jobs whose attempts are used up. Their credits were given back. Run one again when what was
              wrong is mended, or set it aside; its history stays.
            </p>
            {answer.error ? <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} /> : null}
            {!answer.value && !answer.error ? <Skeleton lines={3} label="Reading the dead letters" /> : null}
            {answer.value && jobs.length === 0 ? (
              <p className="dead-none">There are none: every job has ended well, or as somebody decided.</p>
            ) : null}
            <AllOfThem client={client} waiting={waiting} onDone={onDone} />
            <ul className="dead-list">
              {jobs.map((job) => (
                <Letter
                  key={job.job_id}
                  job={job}
                  client={client}
                  done={done[job.job_id]}
                  onDone={(how) => onDone({ [job.job_id]: how })}
                />
              ))}
            </ul>
            {more && waiting.length === 0 ? (
              <button type="button" className="button small" onClick={answer.again}>
                Show the next ones
              </button>
            ) : null}
          </section>
        </div>
      </main>
    </div>
  );
}

interface LetterProps {
  job: DeadJob;
  client: Client;
  done: Outcome | undefined;
  onDone: (how: Outcome) => void;
}

function Letter({ job, client, done, onDone }: LetterProps) {
  const [busy, setBusy] = useState(false);
  const act = async (what: Act) => {
    setBusy(true);
    try {
      const answer = await client.post(`/v1/dlq/${job.job_id}/${what}`);
      const as = text(answer.job_id) ?? text(answer.existing_id);
      onDone(what === "replay" ? { kind: "replayed", as } : { kind: "discarded" });
    } catch (error) {
      onDone({ kind: "refused", trouble: speak(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="dead" data-testid={`dead-${job.job_id}`}>
      <div className="dead-head">
        <div>
          <p>
            <strong>{STEP_ADVICE[job.category]?.title ?? "The job failed"}</strong>
          </p>
          <p className="dead-facts">
            <span className="mono">{job.model}</span> · {job.attempts.length} attempts ·{" "}
            {creditsText(job.reserved)} given back
            {job.ended_at ? ` · ${new Date(job.ended_at).toLocaleString()}` : ""}
          </p>
        </div>
        {done && done.kind !== "refused" ? (
          <p className="dead-done">
            {done.kind === "discarded" ? "Set aside" : `Runs again${done.as ? ` as ${done.as}` : ""}`}
          </p>
        ) : (
          <div className="dead-acts">
            <button type="button" className="button small" disabled={busy} onClick={() => act("replay")}>
              <Icon name="redo" size={14} /> Run again
            </button>
            <button
              type="button"
              className="button small quiet"
              disabled={busy}
              onClick={() => act("discard")}
            >
              Set aside
            </button>
          </div>
        )}
      </div>
      {done?.kind === "refused" ? <TroubleNote trouble={done.trouble} /> : null}
      <details>
        <summary>What was tried</summary>
        <ol className="dead-tries">
          {job.attempts.map((attempt, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: attempts are numbered and never move
            <Try key={index} attempt={attempt} />
          ))}
        </ol>
        <p className="mono dead-id">{job.job_id}</p>
      </details>
    </li>
  );
}

function Try({ attempt }: { attempt: Attempt }) {
  return (
    <li>
      <span className="mono">{attempt.provider}</span>: {attempt.category.replaceAll("_", " ")}
      {attempt.charged === "yes" ? ", charged by the provider" : ""}
      {attempt.error ? <blockquote>{attempt.error}</blockquote> : null}
    </li>
  );
}
