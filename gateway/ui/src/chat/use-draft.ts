/** What the person is about to say: words, approval mode, files. Kept above the page's two composers. */
import { useCallback, useState } from "react";
import type { Client } from "../api/client.ts";
import { newKey } from "../api/client.ts";
import { type Spoken, speak } from "../api/problems.ts";
import { text as readText, readUpload } from "../api/wire.ts";
import type { Asset } from "../state/model.ts";

export type Approval = "plan" | "assist" | "auto";

/** Who chooses the models: the planner with the plan, or each step's own choice after it. */
export type Planning = "full" | "subagent";

export interface Attachment {
  key: string;
  name: string;
  state: "uploading" | "ready" | "failed";
  upload_id?: string;
  problem?: Spoken;
}

export interface Draft {
  text: string;
  approval: Approval;
  planning: Planning;
  files: Attachment[];
  setText: (text: string) => void;
  setApproval: (approval: Approval) => void;
  setPlanning: (planning: Planning) => void;
  attach: (files: Iterable<File>) => void;
  detach: (key: string) => void;
  clear: () => void;
}

export function useDraft(
  client: Client,
  ensureSession: () => Promise<string>,
  onUploaded: (uploads: Record<string, Asset>) => void,
): Draft {
  const [text, setText] = useState("");
  const [approval, setApproval] = useState<Approval>("assist");
  const [planning, setPlanning] = useState<Planning>("subagent");
  const [files, setFiles] = useState<Attachment[]>([]);

  const change = useCallback((key: string, members: Partial<Attachment>) => {
    setFiles((before) => before.map((file) => (file.key === key ? { ...file, ...members } : file)));
  }, []);

  const attach = useCallback(
    async (chosen: Iterable<File>) => {
      // One after the other: the n-th picture of a session is called image_n, so their order matters.
      for (const file of Array.from(chosen)) {
        const key = newKey();
        setFiles((before) => [...before, { key, name: file.name, state: "uploading" }]);
        try {
          const session_id = await ensureSession();
          const answer = await client.upload(`/v1/sessions/${session_id}/uploads`, file);
          onUploaded(readUpload({ name: file.name, media_type: file.type, ...answer }));
          change(key, { state: "ready", upload_id: readText(answer.upload_id) ?? "" });
        } catch (error) {
          change(key, { state: "failed", problem: speak(error) });
        }
      }
    },
    [client, ensureSession, onUploaded, change],
  );

  const detach = useCallback(
    (key: string) => setFiles((before) => before.filter((file) => file.key !== key)),
    [],
  );
  const clear = useCallback(() => {
    setText("");
    setFiles([]);
  }, []);
  return {
    text,
    approval,
    planning,
    files,
    setText,
    setApproval,
    setPlanning,
    attach: (chosen) => void attach(chosen),
    detach,
    clear,
  };
}
