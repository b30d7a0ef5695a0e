/** A result, shown as what it is: picture, film, sound, words, or an object in space. */
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { durationText } from "../kit/format.ts";
import { Icon } from "../kit/icons.tsx";
import { fileName, shapeOf } from "../kit/media.ts";
import { NARROW, useMedia } from "../kit/theme.ts";
import type { Asset } from "../state/model.ts";

const ModelView = lazy(() => import("./model-view.tsx"));
const TEXT_CHARS_MAX = 20_000;

interface PreviewProps {
  asset: Asset;
  title: string;
  /** The inspector has room for an object that can be turned; a node has not. */
  large?: boolean;
}

export function Preview({ asset, title, large = false }: PreviewProps) {
  switch (shapeOf(asset)) {
    case "image":
      return <img className="preview-image" src={asset.url} alt={title} loading="lazy" draggable={false} />;
    case "video":
      return <Film asset={asset} title={title} />;
    case "audio":
      return <Sound asset={asset} title={title} />;
    case "text":
      return <Words asset={asset} />;
    case "model":
      return large ? (
        <Suspense fallback={<div className="preview-wait">Opening the 3D view</div>}>
          <ModelView url={asset.url} title={title} />
        </Suspense>
      ) : (
        <FileCard asset={asset} title={title} icon="3d" words="3D model. Open the step to turn it." />
      );
    case "file":
      return <FileCard asset={asset} title={title} icon="file" words={asset.media_type} />;
  }
}

/** Where there is little room, a film that has not begun shows its picture: the browser's controls would darken it. */
function Film({ asset, title }: PreviewProps) {
  const narrow = useMedia(NARROW);
  const [begun, setBegun] = useState(false);
  const film = useRef<HTMLVideoElement>(null);
  const waiting = narrow && !begun;
  const play = () => {
    setBegun(true);
    film.current?.play().catch(() => setBegun(false));
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: generated films come without a caption track */}
      <video
        ref={film}
        className="preview-video"
        src={asset.url}
        aria-label={title}
        controls={!waiting}
        playsInline
        preload="metadata"
        onEnded={() => setBegun(false)}
      />
      {waiting ? (
        <button type="button" className="film-play nodrag" aria-label={`Play ${title}`} onClick={play}>
          <Icon name="play" size={22} />
        </button>
      ) : null}
    </>
  );
}

function FileCard({ asset, title, icon, words }: PreviewProps & { icon: string; words: string }) {
  return (
    <div className="preview-file">
      <Icon name={icon} size={40} />
      <span>{words}</span>
      <a className="button small nodrag" href={asset.url} download={fileName(asset, title)}>
        <Icon name="download" size={14} /> Download
      </a>
    </div>
  );
}

function Sound({ asset, title }: PreviewProps) {
  const bars = useWaveform(asset.url);
  return (
    <div className="preview-sound">
      <svg className="wave" viewBox={`0 0 ${BARS * 4} 60`} preserveAspectRatio="none" aria-hidden="true">
        {bars.map((height, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          <rect key={index} x={index * 4} y={30 - height * 28} width="2.4" height={height * 56} rx="1.2" />
        ))}
      </svg>
      {asset.duration_s === undefined ? null : (
        <span className="sound-time">{durationText(asset.duration_s)}</span>
      )}
      {/* biome-ignore lint/a11y/useMediaCaption: the text that is spoken stands in the step's input */}
      <audio className="nodrag" src={asset.url} aria-label={title} controls preload="metadata" />
    </div>
  );
}

const BARS = 56;
const FLAT = new Array<number>(BARS).fill(0.06);

/** Peaks of the sound itself; flat where the browser cannot decode it. */
function useWaveform(url: string): number[] {
  const [bars, setBars] = useState<number[]>(FLAT);
  useEffect(() => {
    const leaving = new AbortController();
    readPeaks(url, leaving.signal).then(
      (peaks) => leaving.signal.aborted || setBars(peaks),
      () => leaving.signal.aborted || setBars(FLAT),
    );
    return () => leaving.abort();
  }, [url]);
  return bars;
}

async function readPeaks(url: string, signal: AbortSignal): Promise<number[]> {
  const bytes = await (await fetch(url, { signal })).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 1, 44_100).decodeAudioData(bytes);
  const samples = sound.getChannelData(0);
  const width = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = FLAT.map((_, bar) => {
    let peak = 0;
    for (let at = bar * width; at < (bar + 1) * width && at < samples.length; at += 8) {
      peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    }
    return peak;
  });
  const loudest = Math.max(...peaks, 0.01);
  return peaks.map((peak) => Math.max(0.04, peak / loudest));
}

function Words({ asset }: { asset: Asset }) {
  const [words, setWords] = useState(asset.text ?? "");
  useEffect(() => {
    if (asset.text !== undefined) return;
    const leaving = new AbortController();
    fetch(asset.url, { signal: leaving.signal })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(answer.statusText))))
      .then((read) => setWords(read.slice(0, TEXT_CHARS_MAX)))
      .catch(() => leaving.signal.aborted || setWords("The text could not be loaded."));
    return () => leaving.abort();
  }, [asset.url, asset.text]);
  return <div className="preview-text nowheel">{words}</div>;
}
