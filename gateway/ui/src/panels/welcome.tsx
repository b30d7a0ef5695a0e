/** The empty page: one box, three sentences to begin with. */
import { Composer } from "../chat/composer.tsx";
import type { Draft } from "../chat/use-draft.ts";
import { Icon } from "../kit/icons.tsx";
import { mediumColour } from "../kit/media.ts";

export const EXAMPLES: { media: string[]; sentence: string }[] = [
  {
    media: ["image", "video", "speech"],
    sentence: "generate a product image, animate it into a 5-second video, and add a voiceover",
  },
  { media: ["image", "3d"], sentence: "design a ceramic mug and turn it into a 3D model" },
  {
    media: ["text", "speech", "lipsync"],
    sentence: "write a short welcome, speak it, and lip-sync it to a portrait",
  },
];

export function Welcome({ draft, busy, onSend }: { draft: Draft; busy: boolean; onSend: () => void }) {
  return (
    <main className="welcome">
      <h2>What do you want to make?</h2>
      <p className="welcome-words">
        Say it in a sentence. You see every step and its cost before anything runs.
      </p>
      <Composer
        draft={draft}
        busy={busy}
        onSend={onSend}
        label="What do you want to make?"
        placeholder="A sentence is enough"
        autoFocus
      />
      <h3 className="welcome-or">Or begin with one of these</h3>
      <ul className="examples">
        {EXAMPLES.map(({ media, sentence }) => (
          <li key={sentence}>
            <button type="button" className="example" onClick={() => draft.setText(sentence)}>
              <span className="example-media">
                {media.map((medium) => (
                  <span key={medium} style={{ color: mediumColour(medium) }}>
                    <Icon name={medium} size={20} />
                  </span>
                ))}
              </span>
              {sentence}
            </button>
          </li>
        ))}
      </ul>
    </main>
  );
}
