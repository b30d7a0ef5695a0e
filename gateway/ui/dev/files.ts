/** Small results for the mock: a drawn bottle and a hummed phrase. */

export function picture(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 720" width="1280" height="720">
<defs><linearGradient id="wall" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#e9dfd3"/><stop offset="1" stop-color="#b9a48f"/></linearGradient>
<linearGradient id="glass" x1="0" x2="1"><stop offset="0" stop-color="#0b5f56"/><stop offset=".35" stop-color="#3fb5a3"/><stop offset=".55" stop-color="#157a6d"/><stop offset="1" stop-color="#06403a"/></linearGradient></defs>
<rect width="1280" height="720" fill="url(#wall)"/><rect y="520" width="1280" height="200" fill="#a58d75"/>
<ellipse cx="690" cy="590" rx="210" ry="26" fill="#3d2f23" opacity=".35"/>
<path d="M560 250q0-40 30-54v-46h100v46q30 14 30 54v314q0 26-26 26H586q-26 0-26-26z" fill="url(#glass)"/>
<rect x="584" y="110" width="112" height="52" rx="12" fill="#22262a"/><rect x="578" y="330" width="124" height="150" rx="8" fill="#f4efe8"/>
<path d="M600 380h80M600 404h56M600 428h68" stroke="#22262a" stroke-width="6"/></svg>`;
}

const RATE = 16_000;
const SECONDS = 4.6;

/** 16-bit mono PCM with a WAV header. */
export function sound(): Buffer {
  const count = Math.round(RATE * SECONDS);
  const file = Buffer.alloc(44 + count * 2);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + count * 2, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(count * 2, 40);
  for (let at = 0; at < count; at += 1) {
    const t = at / RATE;
    const syllable = Math.abs(Math.sin(t * 7.3)) * (Math.sin(t * 1.7) > -0.75 ? 1 : 0.05);
    const voice = Math.sin(2 * Math.PI * 140 * t) + 0.5 * Math.sin(2 * Math.PI * 420 * t);
    file.writeInt16LE(Math.round(voice * syllable * 9000), 44 + at * 2);
  }
  return file;
}
