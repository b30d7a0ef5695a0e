/** Weights as they are being changed, and the shares of new sessions that they come to. Pure. */
import type { Variant } from "./wire.ts";

export const WEIGHT_MAX = 1000;

export type Weights = Record<string, number>;

export const weightsOf = (variants: Variant[]): Weights =>
  Object.fromEntries(
    variants.filter(({ editable }) => editable).map(({ variant, weight }) => [variant, weight]),
  );

/** From 0 to 1; all 0 where all rest. */
export function shares(weights: Weights): Record<string, number> {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(
    Object.entries(weights).map(([variant, weight]) => [variant, total > 0 ? weight / total : 0]),
  );
}

/** What a field may hold; undefined for what is no weight. */
export function readWeight(typed: string): number | undefined {
  const weight = /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : Number.NaN;
  return weight <= WEIGHT_MAX ? weight : undefined;
}
