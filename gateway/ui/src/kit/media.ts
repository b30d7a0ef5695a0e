/** The media that steps make: one name, icon and colour each, everywhere on the page. */
import type { Asset, StepStatus } from "../state/model.ts";

const LABELS: Record<string, string> = {
  image: "Image",
  video: "Video",
  audio: "Audio",
  speech: "Speech",
  music: "Music",
  "3d": "3D model",
  lipsync: "Lip sync",
  text: "Text",
  utility: "Utility",
};

export const mediumOf = (agent_type: string): string => (agent_type in LABELS ? agent_type : "utility");
export const mediumLabel = (agent_type: string): string => LABELS[agent_type] ?? (agent_type || "Step");

/** A CSS colour for the medium; the names are defined in tokens.css. */
export const mediumColour = (agent_type: string): string => `var(--medium-${mediumOf(agent_type)})`;

export type Shape = "image" | "video" | "audio" | "model" | "text" | "file";

export function shapeOf({ media_type }: Pick<Asset, "media_type">): Shape {
  if (media_type.startsWith("image/")) return "image";
  if (media_type.startsWith("video/")) return "video";
  if (media_type.startsWith("audio/")) return "audio";
  if (media_type.startsWith("model/")) return "model";
  if (media_type.startsWith("text/") || media_type === "application/json") return "text";
  return "file";
}

export interface Look {
  word: string;
  icon: string;
  tone: "idle" | "busy" | "good" | "bad" | "wait";
}

export const STATUS_LOOK: Record<StepStatus | "drafting", Look> = {
  drafting: { word: "Drafting", icon: "spark", tone: "idle" },
  planned: { word: "Planned", icon: "clock", tone: "idle" },
  awaiting_approval: { word: "Needs your yes", icon: "pause", tone: "wait" },
  ready: { word: "Queued", icon: "clock", tone: "busy" },
  running: { word: "Running", icon: "play", tone: "busy" },
  succeeded: { word: "Done", icon: "check", tone: "good" },
  failed: { word: "Failed", icon: "alert", tone: "bad" },
  blocked: { word: "Blocked", icon: "lock", tone: "wait" },
  cancelled: { word: "Cancelled", icon: "cross", tone: "idle" },
};

const EXTENSIONS: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/svg+xml": "svg",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/flac": "flac",
  "model/gltf-binary": "glb",
  "text/plain": "txt",
  "application/json": "json",
};

/** What the browser saves a file as. */
export function fileName(asset: Asset, title: string): string {
  if (asset.name) return asset.name;
  const stem =
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "result";
  const extension = EXTENSIONS[asset.media_type];
  return extension ? `${stem}.${extension}` : stem;
}
