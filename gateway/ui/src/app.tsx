/** The way in: a one-time code in the address, a key from this tab, or a key by hand. */
import { useCallback, useEffect, useState } from "react";
import { tradeCode } from "./api/client.ts";
import { type Spoken, speak } from "./api/problems.ts";
import { useTheme } from "./kit/theme.ts";
import { Login } from "./panels/login.tsx";
import { Workspace } from "./workspace.tsx";

const KEY = "studio.api_key";

export function App() {
  const [theme, toggleTheme] = useTheme();
  const { key, problem, trading, setKey, refuse } = useKey();
  if (trading) return <main className="login" aria-busy="true" />;
  if (!key) return <Login problem={problem} onKey={setKey} />;
  return <Workspace key={key} apiKey={key} theme={theme} onTheme={toggleTheme} onKeyRefused={refuse} />;
}

const REFUSED: Spoken = { title: "The key was not accepted.", detail: "Paste another one." };

function useKey() {
  const [key, keep] = useState<string | null>(() => sessionStorage.getItem(KEY));
  const [problem, setProblem] = useState<Spoken | null>(null);
  const [code] = useState(codeInAddress);
  const [trading, setTrading] = useState(code !== null);
  const setKey = useCallback((next: string) => {
    sessionStorage.setItem(KEY, next);
    setProblem(null);
    keep(next);
  }, []);
  const refuse = useCallback(() => {
    sessionStorage.removeItem(KEY);
    setProblem(REFUSED);
    keep(null);
  }, []);
  useEffect(() => {
    if (code === null) return;
    trade(code)
      .then(setKey, (error: unknown) => setProblem(speak(error)))
      .finally(() => setTrading(false));
  }, [code, setKey]);
  return { key, problem, trading, setKey, refuse };
}

/** The code works once, so both of a development build's renders must share one trade. */
let traded: Promise<string> | null = null;

function trade(code: string): Promise<string> {
  traded ??= tradeCode(code).finally(() => {
    history.replaceState(null, "", location.pathname + location.search);
  });
  return traded;
}

const codeInAddress = (): string | null => new URLSearchParams(location.hash.slice(1)).get("code");
