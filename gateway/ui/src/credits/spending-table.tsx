/** The picture's figures as a table, for whoever reads better than looks. Days without spending are left out. */
import { exact } from "../kit/money.ts";
import { shortDay } from "../kit/times.ts";
import type { Stack } from "./usage.ts";

export function SpendingTable({ stack, labelOf }: { stack: Stack; labelOf: (key: string) => string }) {
  const days = stack.days.filter(({ spent, refunded }) => spent > 0 || refunded > 0).reverse();
  return (
    <details className="spending-table">
      <summary>Show as a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and keys must reach it */}
      <section className="table-scroll" tabIndex={0} aria-label="Spending by day, as a table">
        <table>
          <thead>
            <tr>
              <th scope="col">Day (UTC)</th>
              {stack.series.map(({ key }) => (
                <th key={key} scope="col">
                  {labelOf(key)}
                </th>
              ))}
              <th scope="col">Refunded</th>
              <th scope="col">Spent</th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, parts, refunded, spent }) => (
              <tr key={day}>
                <th scope="row">{shortDay(day)}</th>
                {stack.series.map(({ key }) => (
                  <td key={key}>{exact(parts.find((part) => part.key === key)?.spent ?? 0)}</td>
                ))}
                <td>{exact(refunded)}</td>
                <td>{exact(spent)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
