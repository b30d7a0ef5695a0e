/** Dead letters as the interface tells them. */
import { isObject, type Json, list, number, text } from "../api/wire.ts";

export interface Attempt {
  provider: string;
  model: string;
  category: string;
  /** What the provider said, in its own words. */
  error: string | undefined;
  at: string | undefined;
  /** Whether the provider charged for it; the customer never pays. */
  charged: string | undefined;
}

export interface DeadJob {
  job_id: string;
  model: string;
  category: string;
  detail: string | undefined;
  reserved: number;
  ended_at: string | undefined;
  plan: string | undefined;
  attempts: Attempt[];
}

export interface DeadPage {
  jobs: DeadJob[];
  cursor: string | undefined;
}

export function readDead(raw: Json): DeadPage {
  return { jobs: list(raw.items).flatMap(readJob), cursor: text(raw.next_cursor) };
}

function readJob(raw: unknown): DeadJob[] {
  const job_id = isObject(raw) ? text(raw.job_id) : undefined;
  if (!isObject(raw) || !job_id) return [];
  const error = isObject(raw.error) ? raw.error : {};
  return [
    {
      job_id,
      model: text(raw.model) ?? "",
      category: text(error.category) ?? "unknown",
      detail: text(error.detail),
      reserved: number(raw.reserved) ?? 0,
      ended_at: text(raw.ended_at),
      plan: isObject(raw.cause) ? text(raw.cause.step_id) : undefined,
      attempts: list(raw.attempts).filter(isObject).map(readAttempt),
    },
  ];
}

function readAttempt(raw: Json): Attempt {
  return {
    provider: text(raw.provider) ?? "",
    model: text(raw.model) ?? "",
    category: text(raw.category) ?? "unknown",
    error: text(raw.error),
    at: text(raw.ended_at) ?? text(raw.started_at),
    charged: text(raw.provider_charged),
  };
}
