/** A part of the page that could not be read: what happened, and a way to try again. */
import type { Spoken } from "../api/problems.ts";
import { Icon } from "./icons.tsx";

export interface Trouble extends Spoken {
  /** Asking again would be answered the same. */
  final?: boolean;
}

export function TroubleNote({ trouble, onAgain }: { trouble: Trouble; onAgain?: () => void }) {
  return (
    <div className="notice plain trouble-note" role="alert">
      <Icon name="alert" size={16} />
      <div>
        <p>
          <strong>{trouble.title}</strong>
        </p>
        {trouble.detail ? <p>{trouble.detail}</p> : null}
        {onAgain && !trouble.final ? (
          <button type="button" className="button small" onClick={onAgain}>
            <Icon name="redo" size={14} /> Try again
          </button>
        ) : null}
      </div>
    </div>
  );
}
