/** What the address says is shown: the canvas, a step on it, credits, a line of them explained, dead letters, prompts. */
import { useMemo, useSyncExternalStore } from "react";

export type Route =
  | { view: "canvas"; step?: string }
  | { view: "credits"; entry?: string }
  | { view: "dead-letters" }
  | { view: "prompts"; agent?: string };

export function routeOf(hash: string): Route {
  const [view, id] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (view === "credits") return id ? { view, entry: id } : { view };
  if (view === "dead-letters") return { view };
  if (view === "prompts") return id ? { view, agent: id } : { view };
  if (view === "step" && id) return { view: "canvas", step: id };
  return { view: "canvas" };
}

/** The session in the address stays as it is, so that the way back leads to it. */
export function addressOf(route: Route, session_id?: string): string {
  const session = session_id ? `?s=${encodeURIComponent(session_id)}` : location.search;
  return `${location.pathname}${session}${hashOf(route)}`;
}

export function hashOf(route: Route): string {
  if (route.view === "credits") return `#/credits${route.entry ? `/${encodeURIComponent(route.entry)}` : ""}`;
  if (route.view === "dead-letters") return "#/dead-letters";
  if (route.view === "prompts") return `#/prompts${route.agent ? `/${encodeURIComponent(route.agent)}` : ""}`;
  return route.step ? `#/step/${encodeURIComponent(route.step)}` : "";
}

/** Goes there without loading the page anew; "back" comes back. */
export function go(address: string): void {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** For links of the page: plain clicks stay in this tab, all others are the browser's own. */
export function follow(event: React.MouseEvent<HTMLAnchorElement>): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(event.currentTarget.href);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => location.hash);
  return useMemo(() => routeOf(hash), [hash]);
}

function listen(changed: () => void): () => void {
  addEventListener("popstate", changed);
  return () => removeEventListener("popstate", changed);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
