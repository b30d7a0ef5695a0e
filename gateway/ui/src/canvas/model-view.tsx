/** The 3D view: heavy, so it is loaded when the first object is opened. */
import "@google/model-viewer";
import { createElement, useEffect, useRef, useState } from "react";

export default function ModelView({ url, title }: { url: string; title: string }) {
  const view = useRef<HTMLElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const element = view.current;
    const onError = () => setFailed(true);
    element?.addEventListener("error", onError);
    return () => element?.removeEventListener("error", onError);
  }, []);
  if (failed) return <p className="preview-wait">This file cannot be shown here. Download it to open it.</p>;
  return createElement("model-viewer", {
    ref: view,
    class: "model-view",
    src: url,
    alt: title,
    "camera-controls": "",
    "touch-action": "pan-y",
    "shadow-intensity": "0.6",
    "interaction-prompt": "none",
  });
}
