/** What a line of the books says to a person. */
import { exact, signed, sum } from "../kit/money.ts";
import type { Cause, Entry, Line, Names, Posting, Priced } from "./model.ts";

const PROJECT = "project:";
const RESERVED = "reserved:";
const FREE = (account: string): boolean => account === "available" || account.startsWith(PROJECT);

const amountOn = (postings: readonly Posting[], wanted: (account: string) => boolean): number =>
  sum(postings.filter(({ account }) => wanted(account)).map(({ amount }) => amount));

/** What an entry moves, seen by who pays. `free` is what can be spent now: available and all projects. */
export interface Moves {
  free: number;
  reserved: number;
  spent: number;
}

export const movesOf = ({ postings }: Entry): Moves => ({
  free: amountOn(postings, FREE),
  reserved: amountOn(postings, (account) => account.startsWith(RESERVED)),
  spent: amountOn(postings, (account) => account === "spent"),
});

export interface KindLook {
  word: string;
  icon: string;
  tone: "in" | "hold" | "out" | "back" | "plain";
}

const LOOKS: Record<string, KindLook> = {
  grant: { word: "Granted", icon: "plus", tone: "in" },
  purchase: { word: "Purchased", icon: "plus", tone: "in" },
  adjust: { word: "Adjusted", icon: "utility", tone: "plain" },
  allocate: { word: "Set aside for a project", icon: "folder", tone: "plain" },
  deallocate: { word: "Taken back from a project", icon: "folder", tone: "plain" },
  reserve: { word: "Reserved", icon: "lock", tone: "hold" },
  capture: { word: "Captured", icon: "check", tone: "out" },
  release: { word: "Released", icon: "undo", tone: "back" },
  refund: { word: "Refunded", icon: "undo", tone: "back" },
};

export const lookOf = (kind: string): KindLook => LOOKS[kind] ?? { word: kind, icon: "file", tone: "plain" };

export const projectName = (project_id: string, names: Names): string => names[project_id] || project_id;

/** "Reserved for Product image", "Captured 1.200, 0.300 returned". */
export function titleOf({ entry, cause }: Line, names: Names): string {
  const { free, spent } = movesOf(entry);
  const project = entry.project_id ? projectName(entry.project_id, names) : "a project";
  switch (entry.kind) {
    case "grant":
      return "Credits granted";
    case "purchase":
      return "Credits purchased";
    case "adjust":
      return free < 0 ? "Adjusted downwards" : "Adjusted upwards";
    case "allocate":
      return `${exact(allocated(entry))} set aside for ${project}`;
    case "deallocate":
      return `${exact(allocated(entry))} taken back from ${project}`;
    case "reserve":
      return `Reserved for ${subjectOf(cause)}`;
    case "capture":
      return `Captured ${exact(spent)}${free > 0 ? `, ${exact(free)} returned` : ""}`;
    case "release":
      return `Released, ${exact(free)} returned`;
    case "refund":
      return `Refunded ${exact(free)}`;
    default:
      return entry.kind;
  }
}

/** The one figure that a line is about. */
export function headlineOf(entry: Entry): { figure: string; word: string } {
  const { free, reserved, spent } = movesOf(entry);
  switch (entry.kind) {
    case "reserve":
      return { figure: exact(reserved), word: "reserved" };
    case "capture":
      return { figure: exact(spent), word: "spent" };
    case "release":
    case "refund":
      return { figure: exact(free), word: "returned" };
    case "allocate":
    case "deallocate":
      return { figure: exact(allocated(entry)), word: "moved" };
    default:
      return { figure: signed(free), word: "credits" };
  }
}

const allocated = ({ postings }: Entry): number =>
  Math.abs(amountOn(postings, (account) => account.startsWith(PROJECT)));

const subjectOf = (cause: Cause | undefined): string => cause?.step_title || cause?.model || "a job";

/** The words under the title: for what, by which model, out of which project, in whose words. */
export function aboutOf({ entry, cause }: Line, names: Names): string[] {
  const words = [
    entry.kind === "reserve" ? undefined : cause?.step_title,
    entry.kind === "reserve" && !cause?.step_title ? undefined : cause?.model,
    entry.job_id && entry.project_id ? projectName(entry.project_id, names) : undefined,
    entry.reason?.replaceAll("_", " "),
    cause?.prompt ? quoted(cause.prompt) : undefined,
    entry.uncollected ? `${exact(entry.uncollected)} beyond it not charged` : undefined,
  ];
  return words.filter((word): word is string => Boolean(word));
}

const quoted = (prompt: string): string => (prompt === "[erased]" ? "words erased" : `“${prompt}”`);

const UNITS: Record<string, string> = {
  run: "run",
  second: "s",
  image: "image",
  megapixel: "megapixel",
  "1k_chars": "× 1,000 characters",
  "1k_tokens": "× 1,000 tokens",
};

/** "5 s at 0.200". */
export const pricedText = ({ unit, quantity, unit_amount }: Priced): string =>
  `${quantity} ${UNITS[unit] ?? unit} at ${exact(unit_amount)}`;

const ACCOUNTS: Record<string, string> = { available: "Available", spent: "Spent", external: "Outside" };

/** An account's name: "Reserved", "Project Spring", "Available". */
export function accountText(account: string, names: Names): string {
  if (account.startsWith(RESERVED)) return "Reserved";
  if (account.startsWith(PROJECT)) return `Project ${projectName(account.slice(PROJECT.length), names)}`;
  return ACCOUNTS[account] ?? account;
}
