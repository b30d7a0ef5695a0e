/** What was spent day by day: a picture, its figures, and the same as a table. */
import { useMemo, useState } from "react";
import type { Client } from "../api/client.ts";
import { Skeleton } from "../kit/skeleton.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { Bars } from "./bars.tsx";
import { Choice } from "./choice.tsx";
import type { Names } from "./model.ts";
import { SpendingFigures } from "./spending-figures.tsx";
import { SpendingTable } from "./spending-table.tsx";
import { troubleOf } from "./trouble.ts";
import { type By, OTHERS, RANGES, type Range, type Stack, stackOf, usagePath } from "./usage.ts";
import { readUsage } from "./wire.ts";
import { projectName } from "./words.ts";

const BY: By[] = ["model", "project"];

export function Spending({ client, names, moved }: { client: Client; names: Names; moved: number }) {
  const [by, setBy] = useState<By>("model");
  const [range, setRange] = useState<Range>(30);
  // The day turns over only when something moves: a page that is left open shows it with the next entry.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const now = useMemo(() => new Date(), [moved]);
  const { value, error, again } = useAnswer(client, usagePath(by, range, now), readUsage, moved);
  const stack = useMemo(() => value && stackOf(value, range, now), [value, range, now]);
  const labelOf = (key: string): string => {
    if (key === OTHERS) return by === "model" ? "Other models" : "Other projects";
    if (by === "project") return key ? projectName(key, names) : "No project";
    return key || "Unknown model";
  };
  return (
    <section className="sheet spending" aria-labelledby="spending-title" data-testid="spending">
      <header className="sheet-head">
        <h2 id="spending-title">Spending by day</h2>
        <Choice label="Stacked by" options={BY} shown={by} onChoose={setBy} wordOf={(one) => `By ${one}`} />
        <Choice
          label="Range"
          options={RANGES}
          shown={range}
          onChoose={setRange}
          wordOf={(days) => `${days} days`}
        />
      </header>
      {stack ? (
        <Spent stack={stack} range={range} labelOf={labelOf} />
      ) : error === undefined ? (
        <Skeleton lines={5} label="Reading what was spent" />
      ) : (
        <TroubleNote trouble={troubleOf(error, "The spending by day")} onAgain={again} />
      )}
    </section>
  );
}

interface SpentProps {
  stack: Stack;
  range: Range;
  labelOf: (key: string) => string;
}

function Spent({ stack, range, labelOf }: SpentProps) {
  const [day, setDay] = useState<string | null>(null);
  if (stack.spent === 0 && stack.refunded === 0)
    return (
      <p className="empty-words">
        Nothing was spent in the last {range} days. What a step costs appears here when it ends.
      </p>
    );
  return (
    <>
      <div className="spending-body">
        <Bars stack={stack} labelOf={labelOf} shown={day} onShow={setDay} />
        <SpendingFigures stack={stack} labelOf={labelOf} day={day} range={range} />
      </div>
      <SpendingTable stack={stack} labelOf={labelOf} />
    </>
  );
}
