/** Narrows the history: words, kind, project, and the moment up to which it is shown. */
import { useEffect, useState } from "react";
import { Icon } from "../kit/icons.tsx";
import { localField } from "../kit/times.ts";
import { KINDS, type Names } from "./model.ts";
import { EVERYTHING, type Filter, isNarrowed } from "./query.ts";
import { lookOf, projectName } from "./words.ts";

const TYPING_MS = 300;

interface FiltersProps {
  filter: Filter;
  names: Names;
  onChange: (filter: Filter) => void;
}

export function HistoryFilters({ filter, names, onChange }: FiltersProps) {
  const change = (members: Partial<Filter>) => onChange({ ...filter, ...members });
  return (
    <search className="filters">
      <SearchBox q={filter.q} onSearch={(q) => change({ q })} />
      <label>
        <span className="sr-only">Kind</span>
        <select value={filter.kind} onChange={(event) => change({ kind: event.target.value })}>
          <option value="">All kinds</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {lookOf(kind).word}
            </option>
          ))}
        </select>
      </label>
      {Object.keys(names).length > 0 ? (
        <label>
          <span className="sr-only">Project</span>
          <select value={filter.project_id} onChange={(event) => change({ project_id: event.target.value })}>
            <option value="">All projects</option>
            {Object.keys(names).map((project_id) => (
              <option key={project_id} value={project_id}>
                {projectName(project_id, names)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <AsOf as_of={filter.as_of} onChange={(as_of) => change({ as_of })} />
      {isNarrowed(filter) || filter.as_of ? (
        <button type="button" className="button small quiet" onClick={() => onChange(EVERYTHING)}>
          Show everything
        </button>
      ) : null}
    </search>
  );
}

function SearchBox({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const [words, setWords] = useState(q);
  useEffect(() => setWords(q), [q]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed starts the wait anew
  useEffect(() => {
    if (words === q) return;
    const timer = setTimeout(() => onSearch(words), TYPING_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <label className="filters-search">
      <Icon name="search" size={16} />
      <span className="sr-only">Search the history</span>
      <input
        type="search"
        placeholder="Search steps, models, words, ids"
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
    </label>
  );
}

/** The field speaks of whole minutes in the reader's zone; "as of" a minute means its last moment. */
function AsOf({ as_of, onChange }: { as_of: string; onChange: (as_of: string) => void }) {
  const shown = as_of ? localField(new Date(as_of)) : "";
  const choose = (value: string) => {
    const at = value ? Date.parse(value) : Number.NaN;
    onChange(Number.isFinite(at) ? new Date(at + 59_999).toISOString() : "");
  };
  return (
    <label className="filters-as-of">
      <span>As of</span>
      <input
        type="datetime-local"
        value={shown}
        max={localField(new Date())}
        onChange={(event) => choose(event.target.value)}
      />
    </label>
  );
}
