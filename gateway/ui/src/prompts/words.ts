/** Figures of variants as people read them. */
import { agentLabel, secondsText } from "../kit/format.ts";
import { type Comparison, PLATFORM, type Side } from "./wire.ts";

export const percent = (rate: number | undefined): string =>
  rate === undefined
    ? "–"
    : `${(rate * 100).toLocaleString("en", { maximumFractionDigits: rate < 0.1 ? 1 : 0 })} %`;

export const count = (n: number): string => n.toLocaleString("en");

/** "412K": a size, not an account. */
export const size = (n: number): string =>
  n.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 });

export const time = (ms: number | undefined): string => (ms === undefined ? "–" : secondsText(ms));

/** "brief" of the organisation, "default (platform)". */
export const nameOf = ({ variant, owner }: { variant: string; owner: string | undefined }): string =>
  owner === undefined ? `${variant} (shipped)` : owner === PLATFORM ? `${variant} (platform)` : variant;

export const promptLabel = (agent: string): string =>
  agent === "planner_full" ? "Planner, full mode" : agentLabel(agent);

const MEASURES: Record<Comparison["measure"], string> = {
  acceptance_rate: "Plans accepted",
  error_rate: "Calls failed",
  p50_ms: "Time of a call (median)",
};

const METHODS: Record<string, string> = {
  "fisher-exact": "Fisher's exact test",
  "two-proportion-z": "two-proportion z-test",
  "mann-whitney-u": "Mann-Whitney U test",
};

export const measureLabel = (measure: Comparison["measure"]): string => MEASURES[measure];

export function sideText({ measure }: Comparison, side: Side): string {
  const value = measure === "p50_ms" ? time(side.value) : percent(side.value);
  return `${value} of ${count(side.n)}`;
}

/** What a comparison comes to, in one sentence that names what it rests on. */
export function verdictText(found: Comparison): string {
  if (found.p_value === undefined) return `Too few to tell: needs ${found.needs ?? 0} of each`;
  const alone = `p ${pText(found.p_value)}`;
  const sure =
    found.p_adjusted === undefined
      ? alone
      : `p ${pText(found.p_adjusted)} among all compared, ${alone} alone`;
  const test = `${sure}, ${METHODS[found.method ?? ""] ?? found.method}`;
  if (found.verdict !== "different") return `No difference shown (${test})`;
  return `${nameOf(better(found))} is better (${test})`;
}

/** More plans accepted is better; fewer errors and less time are. */
export function better({ measure, a, b }: Comparison): Side {
  const more = (a.value ?? 0) >= (b.value ?? 0);
  return (measure === "acceptance_rate") === more ? a : b;
}

const pText = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${Number(p.toPrecision(2))}`);
