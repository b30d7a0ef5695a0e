/** Millicredits as an account shows them: always three decimals, from integers alone. */

export const MINUS = "−";

/** 1234500 → "1,234.500". */
export function exact(millicredits: number): string {
  const size = Math.abs(millicredits);
  const rest = size % 1000;
  const whole = ((size - rest) / 1000).toLocaleString("en");
  return `${millicredits < 0 ? MINUS : ""}${whole}.${String(rest).padStart(3, "0")}`;
}

/** With its sign, as a movement: "+1.200", "−0.300", "0.000". */
export const signed = (millicredits: number): string =>
  millicredits > 0 ? `+${exact(millicredits)}` : exact(millicredits);

export const sum = (amounts: Iterable<number>): number => {
  let total = 0;
  for (const amount of amounts) total += amount;
  return total;
};
