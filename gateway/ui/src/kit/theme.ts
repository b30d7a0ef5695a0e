/** Dark or light: the system's choice until the person makes one. */
import { useCallback, useEffect, useState } from "react";

export type Theme = "light" | "dark";
const KEY = "studio.theme";

const stored = (): Theme | null => {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : null;
};

export function useTheme(): [Theme, () => void] {
  const [chosen, setChosen] = useState<Theme | null>(stored);
  const system = useMedia("(prefers-color-scheme: dark)") ? "dark" : "light";
  const theme = chosen ?? system;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const toggle = useCallback(() => {
    const next = theme === "dark" ? "light" : "dark";
    localStorage.setItem(KEY, next);
    setChosen(next);
  }, [theme]);
  return [theme, toggle];
}

/** A phone held upright: one column, as in the style sheets. */
export const NARROW = "(width < 860px)";

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const changed = () => setMatches(media.matches);
    changed();
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [query]);
  return matches;
}
