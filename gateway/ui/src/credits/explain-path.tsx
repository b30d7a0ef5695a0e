/** The path: from the words of a person, stop by stop, to the lines of the books. */
import { useState } from "react";
import { Preview } from "../canvas/preview.tsx";
import { Icon } from "../kit/icons.tsx";
import { signed } from "../kit/money.ts";
import { clock, moment, sinceText } from "../kit/times.ts";
import { addressOf, follow } from "../route.ts";
import type { Asset } from "../state/model.ts";
import type { Cause, Entry, Explanation, Names, Stop } from "./model.ts";
import { movesOf, titleOf } from "./words.ts";

const STOPS: Record<string, { word: string; icon: string }> = {
  message: { word: "Somebody said", icon: "chat" },
  agent_call: { word: "An agent worked it out", icon: "spark" },
  plan: { word: "Plan", icon: "graph" },
  approval: { word: "Approved", icon: "check" },
  step: { word: "Step", icon: "play" },
  job: { word: "Job", icon: "clock" },
  attempt: { word: "Attempt", icon: "redo" },
  provider_job: { word: "At the provider", icon: "send" },
  file: { word: "File", icon: "file" },
  webhook: { word: "Your webhook", icon: "send" },
  entry: { word: "In the books", icon: "lock" },
};

export function ExplainPath({ explanation, names }: { explanation: Explanation; names: Names }) {
  const { chain, cause, job, entry, siblings } = explanation;
  const [ids, setIds] = useState(false);
  const began = chain[0]?.at ?? "";
  return (
    <section>
      <header className="path-head">
        <h3>How it came about</h3>
        <button type="button" className="button small quiet" aria-pressed={ids} onClick={() => setIds(!ids)}>
          {ids ? "Hide ids" : "Show ids"}
        </button>
      </header>
      <ol className="path" data-testid="path">
        {chain.map((stop, index) => (
          <PathStop
            key={`${stop.kind} ${stop.id}`}
            stop={stop}
            since={index === 0 ? "" : sinceText(began, stop.at)}
            address={addressOfStop(stop, entry, cause?.session_id)}
            asset={job?.outputs.find((output) => output.asset_id === stop.id)}
            entry={[entry, ...siblings].find((one) => one.entry_id === stop.id)}
            cause={cause}
            names={names}
            here={stop.id === entry.entry_id}
            ids={ids}
          />
        ))}
      </ol>
    </section>
  );
}

/** Where a stop can be seen: its step or session on the canvas, its own line in the books. */
function addressOfStop(stop: Stop, entry: Entry, session_id: string | undefined): string | undefined {
  if (stop.kind === "entry")
    return stop.id === entry.entry_id ? undefined : addressOf({ view: "credits", entry: stop.id });
  if (!session_id) return undefined;
  if (stop.kind === "step") return addressOf({ view: "canvas", step: stop.id }, session_id);
  return ["message", "agent_call", "plan", "approval"].includes(stop.kind)
    ? addressOf({ view: "canvas" }, session_id)
    : undefined;
}

interface PathStopProps {
  stop: Stop;
  since: string;
  address: string | undefined;
  asset: Asset | undefined;
  entry: Entry | undefined;
  /** Of the entry's job. */
  cause: Cause | undefined;
  names: Names;
  here: boolean;
  ids: boolean;
}

function PathStop({ stop, since, address, asset, entry, cause, names, here, ids }: PathStopProps) {
  const look = STOPS[stop.kind] ?? { word: stop.kind, icon: "file" };
  const free = entry ? movesOf(entry).free : 0;
  const title = entry ? titleOf({ entry, ...(cause ? { cause } : {}) }, names) : stop.title || stop.id;
  return (
    <li className={`stop is-${stop.kind}`} aria-current={here ? "step" : undefined} data-kind={stop.kind}>
      <span className="stop-icon">
        <Icon name={look.icon} size={14} />
      </span>
      <div className="stop-words">
        <p className="stop-kind">
          {look.word}
          {stop.at ? (
            <time dateTime={stop.at} title={moment(stop.at)}>
              {since || clock(stop.at)}
            </time>
          ) : null}
        </p>
        <p className="stop-title">
          {address ? (
            <a href={address} onClick={follow}>
              {title}
            </a>
          ) : (
            title
          )}
          {free === 0 ? null : <strong>{signed(free)}</strong>}
        </p>
        {asset ? (
          <div className="stop-file">
            <Preview asset={asset} title={title} />
          </div>
        ) : null}
        {ids ? <StopIds stop={stop} /> : null}
      </div>
    </li>
  );
}

/** For whoever follows it on the log itself. */
function StopIds({ stop }: { stop: Stop }) {
  const facts = [
    ["Id", stop.id],
    ["By", stop.actor],
    ["Topic", stop.topic],
    ["Event", stop.event_id],
    ["Caused by", stop.causation_id],
  ].filter((pair): pair is [string, string] => Boolean(pair[1]));
  return (
    <dl className="stop-ids">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
