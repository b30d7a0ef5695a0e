/** Icons, drawn on a 20-unit grid with a 1.6 stroke. Decorative: the words beside them carry the meaning. */
const PATHS: Record<string, string> = {
  image: "M3.5 4.5h13v11h-13zM3.5 13l3.5-3.5 3 3 2.5-2.5 4 4M12.6 7.6h.01",
  video: "M3 5.5h9.5v9H3zM12.5 9l4.5-2.5v7L12.5 11",
  speech:
    "M10 3.2a2.2 2.2 0 0 1 2.2 2.2v4a2.2 2.2 0 0 1-4.4 0v-4A2.2 2.2 0 0 1 10 3.2zM5 9.3a5 5 0 0 0 10 0M10 14.3v2.5",
  audio: "M4 8.5v3M7 6v8M10 3.5v13M13 6.5v7M16 8.5v3",
  music: "M8 14.2V5l8-1.6v9.2M8 14.2a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM16 12.6a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  "3d": "M10 2.8l6.2 3.6v7.2L10 17.2l-6.2-3.6V6.4zM10 10v7.2M10 10l6.2-3.6M10 10L3.8 6.4",
  lipsync:
    "M3.5 10c2-2.6 4.2-3.6 6.5-2.4 2.3-1.2 4.5-.2 6.5 2.4-2 3.3-4.2 4.5-6.5 4.5S5.5 13.3 3.5 10zM3.5 10h13",
  text: "M4 5h12M4 8.4h12M4 11.8h12M4 15.2h7",
  utility:
    "M4 6.5h7M15 6.5h1M4 13.5h1M9 13.5h7M13 4.7a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6zM7 11.7a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  check: "M4.5 10.5l3.6 3.6 7.4-8",
  cross: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  alert: "M10 3.2l7.3 13H2.7zM10 8.2v3.6M10 14v.01",
  pause: "M7.2 5v10M12.8 5v10",
  clock: "M10 3.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM10 6.5V10l2.5 1.7",
  lock: "M5 9.2h10v7.3H5zM7 9.2V6.7a3 3 0 0 1 6 0v2.5",
  spark:
    "M10 3v4M10 13v4M3 10h4M13 10h4M5.2 5.2l2.5 2.5M12.3 12.3l2.5 2.5M14.8 5.2l-2.5 2.5M7.7 12.3l-2.5 2.5",
  play: "M6.5 4.5l9 5.5-9 5.5z",
  stop: "M6 6h8v8H6z",
  send: "M10 16V4M5 9l5-5 5 5",
  clip: "M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l5.8-5.8a2 2 0 0 1 2.9 2.9L8.2 13a1 1 0 0 1-1.4-1.4L11.5 7",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h9",
  plus: "M10 4.5v11M4.5 10h11",
  sun: "M10 6.8a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4zM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M15.3 4.7l-1.1 1.1M5.8 14.2l-1.1 1.1",
  moon: "M15.8 11.8A6.3 6.3 0 0 1 8.2 4.2a6.3 6.3 0 1 0 7.6 7.6z",
  download: "M10 3.5v9M6.2 9l3.8 3.8L13.8 9M4 16.5h12",
  chevron: "M7.5 5l5 5-5 5",
  redo: "M15.5 8A6 6 0 1 0 16 11.5M15.8 4.2V8H12",
  chat: "M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z",
  graph: "M3.2 7.5h4.6v5H3.2zM12.2 3.5h4.6v5h-4.6zM12.2 11.5h4.6v5h-4.6zM7.8 10h2.2V6h2.2M10 10v4h2.2",
  shield: "M10 2.8l6 2.2v4.6c0 3.7-2.5 6.4-6 7.6-3.5-1.2-6-3.9-6-7.600V5zM7.2 9.900l2 2 3.6-3.9",
  search: "M9 3.8a5.2 5.2 0 1 1 0 10.4A5.2 5.2 0 0 1 9 3.8zM12.9 12.900l3.6 3.6",
  back: "M12.5 5l-5 5 5 5",
  undo: "M4.5 8A6 6 0 1 1 4 11.5M4.2 4.2V8H8",
  folder: "M3 5.500h5l1.6 2H17v8H3z",
  chart: "M4 16.500V10M8 16.500V4.500M12 16.500V8M16 16.500v-4",
  key: "M12.8 3.800a3.6 3.6 0 1 1-3 5.600L4 15.200V17h2.500v-1.800H8.300v-1.800l2.6-2.6",
  file: "M5 3.2h6.5L15.5 7v9.8H5zM11.5 3.2V7h4",
};

export function Icon({ name, size = 18 }: { name: string; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name] ?? PATHS.utility} />
    </svg>
  );
}
