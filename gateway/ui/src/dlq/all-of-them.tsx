/** What is done to all dead letters that are shown, with how far it is. */
import { useState } from "react";
import type { Client } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { Icon } from "../kit/icons.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { type Act, actOnMany, type Outcomes } from "./many.ts";

interface Progress {
  what: Act;
  done: number;
  all: number;
}

interface AllOfThemProps {
  client: Client;
  /** Ids of those that wait for a decision. */
  waiting: string[];
  onDone: (outcomes: Outcomes) => void;
}

export function AllOfThem({ client, waiting, onDone }: AllOfThemProps) {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const act = async (what: Act) => {
    setAsking(false);
    setTrouble(null);
    let done = 0;
    setProgress({ what, done, all: waiting.length });
    try {
      await actOnMany(client.post, what, waiting, (outcomes) => {
        done += Object.keys(outcomes).length;
        setProgress({ what, done, all: waiting.length });
        onDone(outcomes);
      });
    } catch (error) {
      setTrouble(speak(error));
    } finally {
      setProgress(null);
    }
  };
  if (progress) return <HowFar {...progress} />;
  return (
    <div className="dead-all">
      {waiting.length > 1 && !asking ? (
        <div className="dead-acts">
          <button type="button" className="button small" onClick={() => act("replay")}>
            <Icon name="redo" size={14} /> Run all {waiting.length} again
          </button>
          <button type="button" className="button small quiet" onClick={() => setAsking(true)}>
            Set all {waiting.length} aside
          </button>
        </div>
      ) : null}
      {asking ? (
        <div className="dead-acts">
          <span>Set {waiting.length} jobs aside for good?</span>
          <button type="button" className="button small" onClick={() => act("discard")}>
            Set them aside
          </button>
          <button type="button" className="button small quiet" onClick={() => setAsking(false)}>
            Keep them
          </button>
        </div>
      ) : null}
      {trouble ? <TroubleNote trouble={trouble} /> : null}
    </div>
  );
}

function HowFar({ what, done, all }: Progress) {
  return (
    <div className="dead-all" role="status">
      <label className="dead-far">
        {what === "replay" ? "Running again" : "Setting aside"}: {done} of {all}
        <progress value={done} max={all} />
      </label>
    </div>
  );
}
