/** A statement to keep: every movement of a time with its cause, opening and closing balances. */
import { useEffect, useRef, useState } from "react";
import type { Client } from "../api/client.ts";
import type { Spoken } from "../api/problems.ts";
import { Icon } from "../kit/icons.tsx";
import { save } from "../kit/save.ts";
import { dayAfter, dayOf, startOfDay } from "../kit/times.ts";
import { TroubleNote } from "../kit/trouble-note.tsx";
import { Choice } from "./choice.tsx";
import { statementPath } from "./query.ts";
import { troubleOf } from "./trouble.ts";

const FORMATS = ["csv", "json"] as const;
type Format = (typeof FORMATS)[number];

export function Statement({ client, onClose }: { client: Client; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const today = dayOf(new Date());
  const [from, setFrom] = useState(`${today.slice(0, 8)}01`);
  const [to, setTo] = useState(today);
  const [format, setFormat] = useState<Format>("csv");
  const { busy, trouble, download } = useDownload(client, () => dialog.current?.close());
  useEffect(() => dialog.current?.showModal(), []);
  const backwards = from > to;
  return (
    <dialog ref={dialog} className="statement" aria-labelledby="statement-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (from && to && !backwards) void download(from, to, format);
        }}
      >
        <h2 id="statement-title">Download a statement</h2>
        <p className="quiet-words">
          Opening and closing balances, each movement with its cause, totals by kind, and the newest
          checkpoint that covers it. Days are UTC.
        </p>
        <div className="statement-days">
          <label>
            From
            <input type="date" required value={from} max={today} onChange={(e) => setFrom(e.target.value)} />
          </label>
          <label>
            To
            <input type="date" required value={to} max={today} onChange={(e) => setTo(e.target.value)} />
          </label>
        </div>
        {backwards ? <p className="field-trouble">“From” is later than “To”.</p> : null}
        <Choice
          label="Format"
          options={FORMATS}
          shown={format}
          onChoose={setFormat}
          wordOf={(one) => (one === "csv" ? "CSV, for a spreadsheet" : "JSON, for a program")}
        />
        {trouble ? <TroubleNote trouble={trouble} /> : null}
        <div className="statement-acts">
          <button type="button" className="button quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy || backwards}>
            <Icon name="download" size={15} /> {busy ? "Preparing" : "Download"}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function useDownload(client: Client, onDone: () => void) {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Spoken | null>(null);
  const download = async (from: string, to: string, format: Format) => {
    setBusy(true);
    setTrouble(null);
    try {
      const bytes = await client.download(statementPath(startOfDay(from), startOfDay(dayAfter(to)), format));
      save(bytes, `statement-${from}-to-${to}.${format}`);
      onDone();
    } catch (error) {
      setTrouble(troubleOf(error, "The statement"));
    } finally {
      setBusy(false);
    }
  };
  return { busy, trouble, download };
}
