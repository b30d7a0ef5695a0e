/** What a step's job was really sent, as rows to read: each part with where it came from. Pure. */
import { isObject, type Json, list, readAsset, text } from "../api/wire.ts";
import type { Asset } from "../state/model.ts";

export interface Row {
  pointer: string;
  /** Where it stands in the input: `images 2`. */
  name: string;
  /** What stands there: words, a figure; or a file. */
  value: string;
  file: Asset | undefined;
  /** Where it came from, in words; nothing of what stands there as it was planned. */
  from: string | undefined;
}

/** Pointer → where that part came from. */
export type Sources = Record<string, Source[]>;

interface Source {
  kind: string;
  name: string;
}

export const readSources = (raw: unknown): Sources =>
  Object.fromEntries(
    list(raw)
      .filter(isObject)
      .map((one) => [
        text(one.pointer) ?? "",
        list(one.from)
          .filter(isObject)
          .map((source) => ({ kind: text(source.kind) ?? "", name: text(source.name) ?? "" })),
      ]),
  );

/** `titles`: step → its title. */
export function rowsOf(input: Json, sources: Sources, titles: Record<string, string>): Row[] {
  return leaves(input, []).map(([path, value]) => {
    const at = pointer(path);
    const file = isObject(value) ? readAsset(value.$asset) : undefined;
    return {
      pointer: at,
      name: path.map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : part)).join(" "),
      value: file ? "" : typeof value === "string" ? value : JSON.stringify(value),
      file,
      from: fromText(sources[at] ?? [], titles),
    };
  });
}

function leaves(value: unknown, path: string[]): [string[], unknown][] {
  if (Array.isArray(value)) return value.flatMap((one, index) => leaves(one, [...path, String(index)]));
  if (isObject(value) && !("$asset" in value))
    return Object.entries(value).flatMap(([name, one]) => leaves(one, [...path, name]));
  return [[path, value]];
}

const pointer = (path: string[]): string =>
  path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

function fromText(sources: Source[], titles: Record<string, string>): string | undefined {
  if (sources.every(({ kind }) => kind === "planned")) return undefined;
  return `from ${sources.map((source) => words(source, titles)).join(" and ")}`;
}

function words({ kind, name }: Source, titles: Record<string, string>): string {
  switch (kind) {
    case "step":
      return `“${titles[name] || name}”`;
    case "upload":
      return `the file ${name}`;
    case "description":
      return "the step’s description";
    case "model":
      return "the model’s own settings";
    default:
      return "the plan";
  }
}
