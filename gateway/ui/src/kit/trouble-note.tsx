/** A part of the page that could not be read: what happened, and a way to try again. */
import type { Spoken } from "../api/problems.ts";
import { Icon } from "./icons.tsx";

export function TroubleNote({ trouble, onAgain }: { trouble: Spoken; onAgain?: () => void }) {
  return (
    <div className="notice plain trouble" role="alert">
      <Icon name="alert" size={16} />
      <div>
        <p>
          <strong>{trouble.title}</strong>
        </p>
        {trouble.detail ? <p>{trouble.detail}</p> : null}
        {onAgain ? (
          <button type="button" className="button small" onClick={onAgain}>
            <Icon name="redo" size={14} /> Try again
          </button>
        ) : null}
      </div>
    </div>
  );
}
