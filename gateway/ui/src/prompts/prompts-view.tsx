/** Prompt Lab: the agents' prompts, variant beside variant; written, weighed, and judged by what came of them. */
import { useCallback, useEffect, useState } from "react";
import type { Client } from "../api/client.ts";
import { speak } from "../api/problems.ts";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { addressOf, follow } from "../route.ts";
import { Editor } from "./editor.tsx";
import { MetricsSheet } from "./metrics-sheet.tsx";
import { VariantsSheet } from "./variants-sheet.tsx";
import { readPrompts, type Variant } from "./wire.ts";
import { promptLabel } from "./words.ts";

export function PromptsView({ client, agent: named }: { client: Client; agent: string | undefined }) {
  const [position, setPosition] = useState("");
  const path = `/v1/prompts?limit=200${position ? `&after=${encodeURIComponent(position)}` : ""}`;
  const answer = useAnswer(client, path, readPrompts);
  const known = useLast(answer.value);
  const agents = [...new Set((known ?? []).map(({ agent }) => agent))].sort(byLabel);
  const agent =
    named && agents.includes(named) ? named : (agents.find((one) => one === "planner") ?? agents[0]);
  return (
    <div className="credits-page">
      <main className="credits-main" aria-label="Prompt Lab">
        <div className="credits-sheetset">
          <header className="credits-head">
            <a className="button quiet small" href={addressOf({ view: "canvas" })} onClick={follow}>
              <Icon name="back" size={15} /> Back to the canvas
            </a>
          </header>
          {answer.error ? (
            <section className="sheet" aria-label="Prompts">
              <TroubleNote trouble={speak(answer.error)} onAgain={answer.again} />
            </section>
          ) : null}
          {!known && !answer.error ? <Skeleton lines={4} label="Reading the prompts" /> : null}
          {known && agent ? (
            <div className="lab">
              <AgentList agents={agents} shown={agent} variants={known} />
              <Lab
                key={agent}
                client={client}
                variants={known.filter((one) => one.agent === agent)}
                agent={agent}
                position={position}
                onChanged={setPosition}
              />
            </div>
          ) : null}
          {known && !agent ? <p className="empty-words">No prompt has been published yet.</p> : null}
        </div>
      </main>
    </div>
  );
}

const byLabel = (a: string, b: string) => promptLabel(a).localeCompare(promptLabel(b));

/** What was known stays while a newer list is read. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value);
  useEffect(() => {
    if (value !== undefined) setLast(value);
  }, [value]);
  return value ?? last;
}

interface ListProps {
  agents: string[];
  shown: string;
  variants: Variant[];
}

function AgentList({ agents, shown, variants }: ListProps) {
  return (
    <nav className="sheet lab-agents" aria-label="Agents">
      <ul>
        {agents.map((agent) => {
          const tested = variants.filter((one) => one.agent === agent && one.share > 0).length;
          return (
            <li key={agent}>
              <a
                href={addressOf({ view: "prompts", agent })}
                aria-current={agent === shown ? "page" : undefined}
                onClick={follow}
              >
                {promptLabel(agent)}
                {tested > 1 ? <span className="chip">{tested} at once</span> : null}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

interface LabProps {
  client: Client;
  agent: string;
  variants: Variant[];
  /** After which the list was read. */
  position: string;
  onChanged: (position: string) => void;
}

const keyOf = ({ owner, variant }: { owner: string; variant: string }) => `${owner}/${variant}`;

function Lab({ client, agent, variants, position, onChanged }: LabProps) {
  const [open, setOpen] = useState<string | null>(null);
  const [drafting, setDrafting] = useState(false);
  const [publications, setPublications] = useState(0);
  const most = [...variants].sort((a, b) => b.share - a.share)[0];
  const shown = variants.find((one) => keyOf(one) === open) ?? most;
  const published = useCallback(
    (of: { owner: string; variant: string }, position: string) => {
      setOpen(keyOf(of));
      setDrafting(false);
      setPublications((before) => before + 1);
      onChanged(position);
    },
    [onChanged],
  );
  return (
    <div className="lab-main">
      <VariantsSheet
        client={client}
        agent={agent}
        variants={variants}
        shown={shown ? keyOf(shown) : null}
        onShow={(one) => {
          setDrafting(false);
          setOpen(keyOf(one));
        }}
        onWeighed={onChanged}
      />
      {shown ? (
        <Editor
          key={`${keyOf(shown)} ${publications} ${drafting}`}
          position={position}
          client={client}
          of={shown}
          drafting={drafting}
          taken={variants.filter(({ editable }) => editable).map(({ variant }) => variant)}
          onDraft={setDrafting}
          onPublished={published}
        />
      ) : null}
      <MetricsSheet client={client} agent={agent} />
    </div>
  );
}
