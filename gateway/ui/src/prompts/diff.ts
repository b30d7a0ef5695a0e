/** What changed between two texts, line by line: the longest common subsequence keeps its lines. Pure. */

export interface Line {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Texts that differ by more than this many lines on both sides are shown as replaced, not compared. */
const LINES_MAX = 2000;

export function diff(before: string, after: string): Line[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  const room = Math.min(old.length, now.length) - head;
  while (tail < room && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  return [
    ...old.slice(0, head).map(same),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(same),
  ];
}

const same = (text: string): Line => ({ kind: "same", text });
const removed = (text: string): Line => ({ kind: "removed", text });
const added = (text: string): Line => ({ kind: "added", text });

function middle(old: string[], now: string[]): Line[] {
  if (old.length > LINES_MAX || now.length > LINES_MAX) return [...old.map(removed), ...now.map(added)];
  const common = lengths(old, now);
  const at = (i: number, j: number) => common[i * (now.length + 1) + j] ?? 0;
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    const [gone, come] = [old[i], now[j]];
    if (gone !== undefined && gone === come) {
      lines.push(same(gone));
      i += 1;
      j += 1;
    } else if (gone !== undefined && (come === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(gone));
      i += 1;
    } else {
      lines.push(added(come ?? ""));
      j += 1;
    }
  }
  return lines;
}

/** At [i, j]: how many lines the rests from there have in common. */
function lengths(old: string[], now: string[]): Uint16Array {
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1)
    for (let j = now.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        old[i] === now[j]
          ? 1 + (common[(i + 1) * width + j + 1] ?? 0)
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
  return common;
}

export const changes = (lines: Line[]): { added: number; removed: number } => ({
  added: lines.filter(({ kind }) => kind === "added").length,
  removed: lines.filter(({ kind }) => kind === "removed").length,
});

/** Runs of unchanged lines, but for a few beside each change, are left out. */
export function folded(lines: Line[], around = 3): (Line | { kind: "skipped"; count: number })[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== "same"),
  );
  const shown: (Line | { kind: "skipped"; count: number })[] = [];
  lines.forEach((line, index) => {
    const last = shown.at(-1);
    if (near[index]) shown.push(line);
    else if (last?.kind === "skipped") last.count += 1;
    else shown.push({ kind: "skipped", count: 1 });
  });
  return shown;
}
