/** Figures as people read them. */

/** 12500 millicredits → "12.5 credits". */
export function creditsText(millicredits: number): string {
  const amount = creditsNumber(millicredits);
  return `${amount} ${amount === "1" ? "credit" : "credits"}`;
}

export function creditsNumber(millicredits: number): string {
  return (millicredits / 1000).toLocaleString("en", { maximumFractionDigits: 3 });
}

export function secondsText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function durationText(seconds: number): string {
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
}

const AGENTS: Record<string, string> = {
  planner: "Planner",
  edit_planner: "Edit planner",
  validator: "Validator",
  field_verifier: "Field verifier",
  model_selector: "Model selector",
  context_classifier: "Context",
  error_classifier: "Error classifier",
  writer: "Writer",
  breakdown: "Breakdown",
};

export const agentLabel = (agent: string): string => AGENTS[agent] ?? agent.replaceAll("_", " ");
