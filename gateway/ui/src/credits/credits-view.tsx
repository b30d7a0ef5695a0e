/** The credits: what there is, where it went, why, and how far that is proven. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Client, Problem } from "../api/client.ts";
import type { Connection } from "../api/stream.ts";
import { Icon } from "../kit/icons.tsx";
import { Skeleton } from "../kit/skeleton.tsx";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { useAnswer } from "../kit/use-answer.ts";
import { addressOf, follow, go } from "../route.ts";
import type { Credits } from "../state/model.ts";
import { AsOfWords } from "./as-of-words.tsx";
import { Balance } from "./balance.tsx";
import { ChainState } from "./chain-state.tsx";
import { Explain } from "./explain.tsx";
import { HistoryFilters } from "./history-filters.tsx";
import { HistoryList } from "./history-list.tsx";
import type { Names } from "./model.ts";
import { EVERYTHING, type Filter } from "./query.ts";
import { Reserved } from "./reserved.tsx";
import { Spending } from "./spending.tsx";
import { Statement } from "./statement.tsx";
import { Tampered } from "./tampered.tsx";
import { troubleOf } from "./trouble.ts";
import { type Books, useBooks } from "./use-books.ts";
import { type Paged, useHistory } from "./use-history.ts";
import { useProof, useSignature } from "./use-proof.ts";
import { readChain, readKeys, readNames } from "./wire.ts";

interface CreditsViewProps {
  client: Client;
  /** The line that is explained. */
  open: string | undefined;
  onCredits: (credits: Credits) => void;
  onConnection: (connection: Connection) => void;
}

const NO_NAMES: Names = {};

export function CreditsView({ client, open, onCredits, onConnection }: CreditsViewProps) {
  const books = useBooks(client, { onCredits, onConnection });
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const history = useHistory(client, filter, books.moved);
  const names = useAnswer(client, "/v1/projects", readNames).value ?? NO_NAMES;
  const { chain, entries, proof, signature } = useProven(client, history, books.moved);
  useEffect(() => {
    if (open) document.getElementById(`line-${open}`)?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const close = useCallback(() => closeLine(open), [open]);
  return (
    <div className="credits-page">
      <main className="credits-main" aria-label="Credits">
        <div className="credits-sheetset">
          <Head client={client} />
          <Tampered entries={entries} proof={proof} signature={signature} />
          <div className="credits-tops">
            <BalanceNow client={client} books={books} history={history} names={names} as_of={filter.as_of} />
            <ChainState client={client} chain={chain} proof={proof} signature={signature} />
          </div>
          <Spending client={client} names={names} moved={books.moved} />
          <section className="sheet history" aria-labelledby="history-title" data-testid="history">
            <header className="sheet-head">
              <h2 id="history-title">History</h2>
            </header>
            <HistoryFilters filter={filter} names={names} onChange={setFilter} />
            {filter.as_of && history.balances ? (
              <AsOfWords as_of={filter.as_of} balances={history.balances} />
            ) : null}
            <HistoryList history={history} filter={filter} names={names} proof={proof} open={open} />
          </section>
        </div>
      </main>
      {open ? (
        <Explain client={client} entry_id={open} names={names} moved={books.moved} onClose={close} />
      ) : null}
    </div>
  );
}

/** The focus goes back to where it came from. */
function closeLine(entry_id: string | undefined): void {
  go(addressOf({ view: "credits" }));
  if (entry_id) document.getElementById(`line-${entry_id}`)?.focus();
}

function Head({ client }: { client: Client }) {
  const [asking, setAsking] = useState(false);
  return (
    <header className="credits-head">
      <a className="button quiet small" href={addressOf({ view: "canvas" })} onClick={follow}>
        <Icon name="back" size={15} /> Back to the canvas
      </a>
      <button type="button" className="button small" onClick={() => setAsking(true)}>
        <Icon name="download" size={15} /> Statement
      </button>
      {asking ? <Statement client={client} onClose={() => setAsking(false)} /> : null}
    </header>
  );
}

/** A platform that answers with the lines of then, but not with the balances. */
const NO_PAST = new Problem(404, {});

interface BalanceNowProps {
  client: Client;
  books: Books;
  history: Paged;
  names: Names;
  as_of: string;
}

function BalanceNow({ client, books, history, names, as_of }: BalanceNowProps) {
  const { answer, moved } = books;
  const balances = as_of ? history.balances : books.balances;
  const error = as_of ? (history.error ?? (history.loaded ? NO_PAST : undefined)) : answer.error;
  if (balances)
    return (
      <Balance balances={balances} names={names} as_of={as_of}>
        {as_of ? null : <Reserved client={client} reserved={balances.reserved} moved={moved} />}
      </Balance>
    );
  return (
    <section className="sheet balance">
      {error === undefined ? (
        <Skeleton lines={4} label="Reading the balance" />
      ) : (
        <TroubleNote
          trouble={troubleOf(error, "The balance")}
          onAgain={as_of ? history.again : answer.again}
        />
      )}
    </section>
  );
}

function useProven(client: Client, history: Paged, moved: number) {
  const chain = useAnswer(client, "/v1/audit/chain", readChain, moved);
  const signed = chain.value?.checkpoint?.seq;
  // Asked with each new checkpoint: it may be signed by a new key.
  const keys = useAnswer(client, signed === undefined ? null : "/v1/audit/keys", readKeys, signed);
  const { lines } = history;
  const entries = useMemo(() => lines.map(({ entry }) => entry), [lines]);
  const proof = useProof(entries, chain.value);
  const signature = useSignature(chain.value?.checkpoint, keys.value);
  useChainAsked(chain.again, chain.value !== undefined);
  return { chain, entries, proof, signature };
}

const CHAIN_EVERY_MS = 20_000;

/** A checkpoint moves no credits, so no frame tells of it. */
function useChainAsked(again: () => void, known: boolean): void {
  useEffect(() => {
    if (!known) return;
    const timer = setInterval(again, CHAIN_EVERY_MS);
    return () => clearInterval(timer);
  }, [again, known]);
}
