/** The 3D view: heavy, so it is loaded when the first object is opened. */
import "@google/model-viewer";
import { createElement } from "react";

export default function ModelView({ url, title }: { url: string; title: string }) {
  return createElement("model-viewer", {
    class: "model-view",
    src: url,
    alt: title,
    "camera-controls": "",
    "touch-action": "pan-y",
    "shadow-intensity": "0.6",
    "interaction-prompt": "none",
  });
}
