/** An amount with its thousandths set back, so that the eye reads whole credits first. */
import { exact } from "./money.ts";

export function Figure({ amount }: { amount: number }) {
  const [whole, rest] = exact(amount).split(".");
  return (
    <span className="figure">
      {whole}
      <span className="figure-rest">.{rest}</span>
    </span>
  );
}
