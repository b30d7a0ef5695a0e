import "@fontsource-variable/instrument-sans";
import "@fontsource-variable/geist-mono";
import "@xyflow/react/dist/style.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/canvas.css";
import "./styles/chat.css";
import "./styles/credits.css";
import "./styles/spending.css";
import "./styles/history.css";
import "./styles/explain.css";
import "./styles/dlq.css";
import "./styles/prompts.css";
import "./styles/past.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
