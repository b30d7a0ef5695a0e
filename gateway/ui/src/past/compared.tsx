/** Two runs side by side: of each step the model, what it was sent and from where, the files, the cost and the time. */
import type { Client } from "../api/client.ts";
import { speak } from "../api/problems.ts";
import { Preview } from "../canvas/preview.tsx";
import { creditsText, durationText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { shapeOf } from "../kit/media.ts";
import { Skeleton } from "../kit/skeleton.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import type { Asset } from "../state/model.ts";
import { rowsOf } from "./sent.ts";
import { type RunHead, readComparison, type Side, type StepPair } from "./wire.ts";
import { runNumber } from "./words.ts";

interface ComparedProps {
  client: Client;
  plan_id: string;
  pair: [string, string];
}

export function Compared({ client, plan_id, pair }: ComparedProps) {
  const answer = useAnswer(client, `/v1/plans/${plan_id}/runs/${pair[0]}/compare/${pair[1]}`, readComparison);
  if (answer.error) return <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} />;
  if (!answer.value) return <Skeleton lines={6} label="Comparing" />;
  const { a, b, steps } = answer.value;
  const titles = Object.fromEntries(steps.map(({ step, title }) => [step, title]));
  return (
    <section className="compared" aria-label="Side by side" data-testid="compared">
      <div className="compared-heads">
        <Head number={runNumber(pair[0])} head={a} />
        <Head number={runNumber(pair[1])} head={b} />
      </div>
      {steps.map((step) => (
        <Pair key={step.step} pair={step} titles={titles} />
      ))}
    </section>
  );
}

function Head({ number, head }: { number: string; head: RunHead }) {
  return (
    <p>
      <strong>Run {number}</strong>
      <small>
        {[
          head.status,
          head.cost === undefined ? undefined : creditsText(head.cost),
          head.seconds === undefined ? undefined : durationText(head.seconds),
        ]
          .filter(Boolean)
          .join(" · ")}
      </small>
    </p>
  );
}

type Titles = Record<string, string>;

function Pair({ pair, titles }: { pair: StepPair; titles: Titles }) {
  return (
    <article className={pair.differs.length > 0 ? "pair changed" : "pair"} data-step={pair.step}>
      <h3>
        {pair.title}
        <span>{pair.differs.length > 0 ? `differs: ${pair.differs.join(", ")}` : "the same"}</span>
      </h3>
      <div className="pair-sides">
        <SideView side={pair.a} pair={pair} titles={titles} />
        <SideView side={pair.b} pair={pair} titles={titles} />
      </div>
    </article>
  );
}

interface SideProps {
  side: Side | undefined;
  pair: StepPair;
  titles: Titles;
}

function SideView({ side, pair: { differs, input_differs, title }, titles }: SideProps) {
  if (!side) return <p className="side none">It was not part of this run.</p>;
  const [first] = side.outputs;
  const mark = (what: string) => (differs.includes(what) ? "differs" : undefined);
  return (
    <div className="side">
      <div className="side-file">
        {first ? <Preview asset={first} title={title} /> : <p className="side-none">{side.status}</p>}
      </div>
      <dl>
        <dt>Model</dt>
        <dd className={`mono ${mark("model") ?? ""}`}>{side.model ?? "–"}</dd>
        <Sent side={side} titles={titles} differs={input_differs} />
        <dt>Cost</dt>
        <dd>
          {side.cost === undefined ? "–" : creditsText(side.cost)}
          {side.kept ? <span className="side-note">kept, not paid again</span> : null}
          {side.reused ? <span className="side-note">an earlier result, free</span> : null}
        </dd>
        <dt>Time</dt>
        <dd>{side.seconds === undefined ? "–" : durationText(side.seconds)}</dd>
      </dl>
    </div>
  );
}

/** What it was sent; of a step that never came to that, what was planned. */
function Sent({ side, titles, differs }: { side: Side; titles: Titles; differs: string[] }) {
  const rows = rowsOf(side.input ?? side.planned ?? {}, side.input ? side.sources : {}, titles);
  return (
    <>
      {rows.map(({ pointer, name, value, file, from }) => (
        <div key={pointer} className={differs.includes(pointer) ? "differs" : undefined}>
          <dt className="mono">{name}</dt>
          <dd className="side-value">
            {file ? <SentFile file={file} /> : value}
            {from ? <span className="side-from">{from}</span> : null}
          </dd>
        </div>
      ))}
      {side.input || rows.length === 0 ? null : (
        <dd className="side-unsent">Nothing was sent; this is what was planned.</dd>
      )}
    </>
  );
}

function SentFile({ file }: { file: Asset }) {
  const words = file.media_type.split("/")[0] ?? file.media_type;
  return (
    <a className="sent-file" href={file.url} target="_blank" rel="noreferrer">
      {shapeOf(file) === "image" ? (
        <img src={file.url} alt="" loading="lazy" />
      ) : (
        <Icon name="file" size={14} />
      )}
      {words}
    </a>
  );
}
