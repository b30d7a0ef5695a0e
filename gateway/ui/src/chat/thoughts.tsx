/** What the agents think and write, folded away once they are done. */
import { useEffect, useRef } from "react";
import { agentLabel, secondsText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import type { AgentCall } from "../state/model.ts";

export function Thoughts({ calls }: { calls: AgentCall[] }) {
  const running = calls.some((call) => !call.done);
  const ms = calls.reduce((sum, call) => sum + (call.ms ?? 0), 0);
  return (
    <div className={running ? "thoughts running" : "thoughts"} data-testid="thoughts">
      <p className="thoughts-title">
        <Icon name="spark" size={14} />
        {running ? "Working it out" : `Worked out${ms > 0 ? ` in ${secondsText(ms)}` : ""}`}
      </p>
      <ol>
        {calls.map((call) => (
          <li key={call.call_id}>
            <Call call={call} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function Call({ call }: { call: AgentCall }) {
  const said = call.reasoning || call.content;
  const summary = (
    <>
      <span className={call.done ? "dot done" : "dot"} aria-hidden="true" />
      <span className="call-agent">{agentLabel(call.agent)}</span>
      {call.fallback ? <span className="call-note">second model</span> : null}
      <span className="call-figures">{figures(call)}</span>
    </>
  );
  if (!said) return <div className="call-line">{summary}</div>;
  return (
    <details open={!call.done}>
      <summary className="call-line">
        {summary}
        <Icon name="chevron" size={12} />
      </summary>
      {call.reasoning ? <Growing className="reasoning" label="Reasoning" words={call.reasoning} /> : null}
      {call.content ? <Growing className="content" label="Answer" words={call.content} /> : null}
    </details>
  );
}

function figures(call: AgentCall): string {
  if (!call.done) return "…";
  const tokens = (call.tokens_in ?? 0) + (call.tokens_out ?? 0);
  return [
    call.ms === undefined ? "" : secondsText(call.ms),
    tokens ? `${tokens.toLocaleString("en")} tokens` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Keeps the newest line in sight while the text grows. */
function Growing({ className, label, words }: { className: string; label: string; words: string }) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (box.current && words) box.current.scrollTop = box.current.scrollHeight;
  }, [words]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section ref={box} className={className} aria-label={label} tabIndex={0}>
      {words}
    </section>
  );
}
