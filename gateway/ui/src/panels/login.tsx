/** The way in without a one-time code: paste a key. */
import { useState } from "react";
import type { Spoken } from "../api/problems.ts";
import { Mark } from "./top-bar.tsx";

export function Login({ problem, onKey }: { problem: Spoken | null; onKey: (key: string) => void }) {
  const [key, setKey] = useState("");
  return (
    <main className="login">
      <form
        className="login-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim()) onKey(key.trim());
        }}
      >
        <Mark />
        <h1>Open your studio</h1>
        <p>
          Use the address that <code>make up</code> printed, or paste an API key of your organisation. It
          stays in this tab and is gone when you close it.
        </p>
        {problem ? (
          <div className="notice bad" role="alert">
            <div>
              <strong>{problem.title}</strong> {problem.detail}
            </div>
          </div>
        ) : null}
        <label htmlFor="api-key">API key</label>
        <input
          id="api-key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
        <button type="submit" className="button primary" disabled={key.trim() === ""}>
          Continue
        </button>
      </form>
    </main>
  );
}
