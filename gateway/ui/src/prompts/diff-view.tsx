/** What changed, line by line; the sign before a line says what its colour does. */
import { useMemo } from "react";
import { changes, diff, folded } from "./diff.ts";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;
const SPOKEN = { same: "", added: "added: ", removed: "removed: " } as const;

export function DiffView({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => diff(before, after), [before, after]);
  const { added, removed } = changes(lines);
  if (added + removed === 0) return <p className="empty-words">Nothing has changed.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long difference scrolls, and keys must reach it
    <section className="diff" tabIndex={0} aria-label={`${added} lines added, ${removed} removed`}>
      {folded(lines).map((line, index) =>
        line.kind === "skipped" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a difference is drawn whole
          <p key={index} className="diff-skipped">
            {line.count} {line.count === 1 ? "line" : "lines"} as before
          </p>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: a difference is drawn whole
          <p key={index} className={`diff-line is-${line.kind}`}>
            <span aria-hidden="true">{SIGNS[line.kind]}</span>
            <span className="sr-only">{SPOKEN[line.kind]}</span>
            <span>{line.text || " "}</span>
          </p>
        ),
      )}
    </section>
  );
}
