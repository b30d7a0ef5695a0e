/** Measures of the drawing of a plan. */
export const NODE_WIDTH = 288;
export const NODE_HEIGHT = 256;
export const NODE_GAP = 36;

export interface Place {
  x: number;
  y: number;
}

/** Left to right; top to bottom where the window is narrower than two nodes. */
export type Direction = "LR" | "TB";

/** Between what comes first and what follows: room for the edges. */
export const RANK_GAP: Record<Direction, number> = { LR: 84, TB: 52 };
