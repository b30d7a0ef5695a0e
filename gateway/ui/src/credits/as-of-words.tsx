/** The balances of a moment of the past, in a sentence beside the lines that led to them. */
import { exact, sum } from "../kit/money.ts";
import { moment } from "../kit/times.ts";
import type { Balances } from "./model.ts";

export function AsOfWords({ as_of, balances }: { as_of: string; balances: Balances }) {
  const { available, allocations, reserved, spent } = balances;
  const in_projects = sum(Object.values(allocations));
  return (
    <p className="notice" role="status" data-testid="as-of">
      As of {moment(as_of)}: {exact(available)} available, {exact(in_projects)} in projects, {exact(reserved)}{" "}
      reserved, {exact(spent)} spent.
    </p>
  );
}
