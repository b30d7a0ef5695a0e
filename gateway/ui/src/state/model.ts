/** The state of the page. Everything in it comes from frames of the stream or from the API; nothing is invented. */

export type PlanStatus =
  | "drafting"
  | "awaiting_approval"
  | "running"
  | "succeeded"
  | "partial"
  | "failed"
  | "cancelled"
  | "rejected";

export type StepStatus =
  | "planned"
  | "awaiting_approval"
  | "ready"
  | "running"
  | "succeeded"
  | "failed"
  | "blocked"
  | "cancelled";

/** Integer millicredits. */
export interface Money {
  estimated?: number;
  reserved?: number;
  captured?: number;
}

export interface Asset {
  url: string;
  media_type: string;
  asset_id?: string;
  name?: string;
  width?: number;
  height?: number;
  duration_s?: number;
  engine?: string;
  text?: string;
}

export interface StepError {
  category: string;
  detail?: string;
}

/** A model that did not do it, and why: the step went on with another one. */
export interface Fallback {
  from_model: string;
  category: string;
}

export interface Step {
  step_id: string;
  /** The id inside its plan: what `depends_on` and the canvas use. */
  key: string;
  title: string;
  description: string;
  agent_type: string;
  depends_on: string[];
  status: StepStatus;
  outputs: Asset[];
  model?: string;
  input?: Record<string, unknown>;
  error?: StepError;
  attempts?: number;
  fallbacks?: Fallback[];
  cost?: Money;
  progress?: number;
  job_id?: string;
  because?: string;
  /** It waits for a yes of its own before it runs. */
  needs_approval?: boolean;
  /** The job whose result it took, for nothing. */
  reused_from?: string;
}

export interface Plan {
  plan_id: string;
  title: string;
  status: PlanStatus;
  cost: Money;
  steps: Step[];
  run_id?: string;
  /** What is not as it was asked for, or is doubtful. */
  notes?: Note[];
}

/** Words about a plan, or about the step that is named by its key; with another step at their end. */
export interface Note {
  text: string;
  step?: string;
  other?: string;
}

export interface Message {
  message_id: string;
  role: "user" | "assistant";
  text: string;
  assets: Asset[];
  at?: string;
  upload_ids?: string[];
  /** Shown before the platform has confirmed it. */
  pending?: boolean;
}

/** One call of a language model, as it is heard. */
export interface AgentCall {
  call_id: string;
  agent: string;
  stage: string;
  reasoning: string;
  content: string;
  done: boolean;
  ms?: number;
  tokens_in?: number;
  tokens_out?: number;
  fallback?: boolean;
}

export interface Notice {
  id: string;
  tone: "good" | "bad" | "plain";
  text: string;
  detail?: string;
  assets: Asset[];
}

export type TimelineItem =
  | { kind: "message"; id: string }
  | { kind: "call"; id: string }
  | { kind: "notice"; id: string };

export interface Credits {
  available: number;
  reserved: number;
}

export interface State {
  session_id: string | null;
  /** False until the API has told what the session holds. */
  loaded: boolean;
  title: string;
  timeline: TimelineItem[];
  messages: Record<string, Message>;
  calls: Record<string, AgentCall>;
  notices: Record<string, Notice>;
  /** Files that the person has added, by upload id. */
  uploads: Record<string, Asset>;
  plans: Record<string, Plan>;
  plan_order: string[];
  /** Steps seen while the model still writes; the decision's own frames void them. */
  draft: { call_id: string; steps: Step[] } | null;
  credits: Credits | null;
  /** When each run was first seen to move, so that its end can say how long it took. */
  run_began_at: Record<string, number>;
}

export interface SessionSnapshot {
  session_id: string;
  title: string;
  messages: Message[];
  uploads: Record<string, Asset>;
  plans: Plan[];
}

/** One event of the stream. `at` is when the page read it: a reducer has no clock. */
export interface Frame {
  event: string;
  data: unknown;
  at: number;
}

export type Action =
  | { type: "opened"; session_id: string; fresh: boolean }
  | { type: "closed" }
  | { type: "frame"; frame: Frame }
  | { type: "healed"; session: SessionSnapshot }
  | { type: "plan_healed"; plan: Plan }
  | { type: "credits_read"; credits: Credits }
  | { type: "uploaded"; uploads: Record<string, Asset> }
  | { type: "message_sent"; message: Message }
  | { type: "message_confirmed"; pending_id: string; message_id: string }
  | { type: "message_refused"; pending_id: string };

export const emptyState: State = {
  session_id: null,
  loaded: true,
  title: "",
  timeline: [],
  messages: {},
  calls: {},
  notices: {},
  uploads: {},
  plans: {},
  plan_order: [],
  draft: null,
  credits: null,
  run_began_at: {},
};
