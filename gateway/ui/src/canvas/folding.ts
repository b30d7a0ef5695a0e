/** Large plans: a rank of many steps is set in several columns, a long chain in several rows, so that it fills a window. */
import { type Direction, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Place, RANK_GAP } from "./sizes.ts";

/** Up to these a plan stays as the layout has it. */
const RANK_MAX = 8;
const RANKS_MAX = 9;
/** Of a window, along the graph to across it. */
const SHAPE = 1.5;
const ROW_GAP = 72;

/** Steps beside each other, and whether a new rank begins with them. */
interface Column {
  keys: string[];
  begins: boolean;
}

/** Nothing where the plan is small enough as it is. */
export function folded(
  placed: [key: string, place: Place][],
  direction: Direction,
): Record<string, Place> | undefined {
  const ranks = ranksOf(placed, direction);
  if (ranks.length <= RANKS_MAX && ranks.every((rank) => rank.length <= RANK_MAX)) return undefined;
  const [along, across] = direction === "LR" ? [NODE_WIDTH, NODE_HEIGHT] : [NODE_HEIGHT, NODE_WIDTH];
  const high = Math.max(RANK_MAX, Math.ceil(Math.sqrt((placed.length * along) / (across * SHAPE))));
  const columns = ranks.flatMap((rank) => columnsOf(rank, high));
  const highest = Math.max(...columns.map(({ keys }) => keys.length));
  const row_size = highest * (across + NODE_GAP) - NODE_GAP + ROW_GAP;
  const length = columns.length * (along + RANK_GAP[direction]);
  const rows = Math.max(1, Math.round(Math.sqrt(length / (SHAPE * row_size))));
  const places: Record<string, Place> = {};
  for (const [row, line] of chunks(columns, Math.ceil(columns.length / rows)).entries()) {
    let at = 0;
    for (const [index, { keys, begins }] of line.entries()) {
      if (index > 0) at += along + (begins ? RANK_GAP[direction] : NODE_GAP);
      const middle = ((highest - keys.length) * (across + NODE_GAP)) / 2;
      for (const [number, key] of keys.entries()) {
        const aside = row * row_size + middle + number * (across + NODE_GAP);
        places[key] = direction === "LR" ? { x: at, y: aside } : { x: aside, y: at };
      }
    }
  }
  return places;
}

/** Keys by their place along the graph; those of a rank in their order across it. */
function ranksOf(placed: [string, Place][], direction: Direction): string[][] {
  const turned = placed.map(([key, { x, y }]) => (direction === "LR" ? { key, x, y } : { key, x: y, y: x }));
  const ranks = new Map<number, { key: string; y: number }[]>();
  for (const { key, x, y } of turned) {
    const rank = Math.round(x);
    ranks.set(rank, [...(ranks.get(rank) ?? []), { key, y }]);
  }
  return [...ranks.entries()]
    .sort(([one], [other]) => one - other)
    .map(([, rank]) => rank.sort((one, other) => one.y - other.y).map(({ key }) => key));
}

const columnsOf = (rank: string[], high: number): Column[] =>
  chunks(rank, Math.ceil(rank.length / Math.ceil(rank.length / high))).map((keys, index) => ({
    keys,
    begins: index === 0,
  }));

const chunks = <T>(all: T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
