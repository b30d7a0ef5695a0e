/** Where every credit is: free, set aside for projects, reserved by jobs, spent. */
import { Figure } from "../kit/figure.tsx";
import { exact, sum } from "../kit/money.ts";
import { moment } from "../kit/times.ts";
import type { Balances, Names } from "./model.ts";
import { projectName } from "./words.ts";

interface BalanceProps {
  balances: Balances;
  names: Names;
  /** A moment of the past; empty: now. */
  as_of: string;
  children?: React.ReactNode;
}

export function Balance({ balances, names, as_of, children }: BalanceProps) {
  const projects = Object.entries(balances.allocations).filter(([, amount]) => amount !== 0);
  return (
    <section className="sheet balance" aria-labelledby="balance-title" data-testid="balance">
      <h2 id="balance-title">{as_of ? `Balance as of ${moment(as_of)}` : "Available now"}</h2>
      <p
        className="balance-figure"
        data-testid="balance-available"
        data-available={balances.available}
        data-reserved={balances.reserved}
        data-spent={balances.spent}
      >
        <Figure amount={balances.available} /> <span className="balance-unit">credits</span>
      </p>
      <Whereabouts balances={balances} />
      {projects.length > 0 ? (
        <div className="balance-part">
          <h3>Set aside for projects</h3>
          <ul className="amounts">
            {projects.map(([project_id, amount]) => (
              <li key={project_id}>
                <span>{projectName(project_id, names)}</span>
                <strong>{exact(amount)}</strong>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {children}
    </section>
  );
}

function Whereabouts({ balances }: { balances: Balances }) {
  const parts = [
    { name: "Available", tone: "free", amount: balances.available },
    { name: "In projects", tone: "projects", amount: sum(Object.values(balances.allocations)) },
    { name: "Reserved", tone: "reserved", amount: balances.reserved },
    { name: "Spent", tone: "spent", amount: balances.spent },
  ];
  const whole = sum(parts.map(({ amount }) => amount));
  return (
    <div className="whereabouts">
      <div className="whereabouts-bar" aria-hidden="true">
        {parts.map(({ name, tone, amount }) =>
          amount > 0 ? <span key={name} className={`is-${tone}`} style={{ flexGrow: amount }} /> : null,
        )}
      </div>
      <dl>
        {parts.map(({ name, tone, amount }) => (
          <div key={name}>
            <dt>
              <span className={`swatch is-${tone}`} aria-hidden="true" /> {name}
            </dt>
            <dd>{exact(amount)}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet-words">
        Together {exact(whole)}: everything granted, purchased or adjusted so far, to the thousandth.
      </p>
    </div>
  );
}
