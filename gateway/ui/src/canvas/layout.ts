/** Places steps by dependency. Positions depend on ids and edges only, so a changed status never moves a node. */
import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import type { Step } from "../state/model.ts";
import { folded } from "./folding.ts";
import { type Direction, NODE_GAP, NODE_HEIGHT, NODE_WIDTH, type Place, RANK_GAP } from "./sizes.ts";

type Linked = Pick<Step, "key" | "depends_on">;

export function layout(steps: Linked[], direction: Direction = "LR"): Record<string, Place> {
  const graph = new Graph();
  graph.setGraph({ rankdir: direction, nodesep: NODE_GAP, ranksep: RANK_GAP[direction] });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) graph.setNode(step.key, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const [from, to] of links(steps)) graph.setEdge(from, to);
  dagreLayout(graph);
  const placed = steps.map(({ key }): [string, Place] => {
    const { x, y } = graph.node(key) as Place;
    return [key, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
  });
  return folded(placed, direction) ?? Object.fromEntries(placed);
}

/** Edges between steps that are there: a draft may name one that has not been written yet. */
export function links(steps: Linked[]): [from: string, to: string][] {
  const present = new Set(steps.map((step) => step.key));
  return steps.flatMap((step) =>
    step.depends_on
      .filter((from) => present.has(from) && from !== step.key)
      .map((from): [string, string] => [from, step.key]),
  );
}

/** The order in which a reader by keyboard meets the steps: what comes first is first. A cycle keeps its order. */
export function inReadingOrder<T extends Linked>(steps: T[]): T[] {
  const waiting = new Map(steps.map((step) => [step.key, step]));
  const ordered: T[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter((step) => !step.depends_on.some((from) => waiting.has(from)));
    for (const step of ready.length > 0 ? ready : [...waiting.values()]) {
      ordered.push(step);
      waiting.delete(step.key);
    }
  }
  return ordered;
}
