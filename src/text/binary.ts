import { extname } from "node:path/posix";

/** Extensions that the built-in read never shows as text, whatever is inside. */
const BINARY_EXTENSIONS: ReadonlySet<string> = new Set(
  "zip tar gz exe dll so class jar war 7z doc docx xls xlsx ppt pptx odt ods odp bin dat obj o a lib wasm pyc pyo"
    .split(" ")
    .map((extension) => `.${extension}`),
);

/** Bytes from the beginning of a file that decide what it is; the built-in's sample. */
export const SAMPLE_BYTES = 4096;

/** Share of control characters above which a sample is no text; the built-in's value. */
const MAX_CONTROL_SHARE = 0.3;

/** True when the built-in read would refuse the file: by extension, a NUL byte, or too many control characters. */
export function isBinary(name: string, firstBytes: Uint8Array): boolean {
  if (BINARY_EXTENSIONS.has(extname(name).toLowerCase())) return true;
  const sample = firstBytes.subarray(0, SAMPLE_BYTES);
  if (sample.includes(0)) return true;
  const controls = sample.reduce((count, byte) => (isControl(byte) ? count + 1 : count), 0);
  return controls > sample.length * MAX_CONTROL_SHARE;
}

/** C0 without tab, line feed, vertical tab, form feed and carriage return; escape counts as a control. */
const isControl = (byte: number): boolean => byte < 9 || (byte > 13 && byte < 32);

export type MediaType = "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "application/pdf";

const MEDIA_EXTENSIONS: ReadonlyMap<string, MediaType> = new Map([
  [".jpg", "image/jpeg"],
  [".jpeg", "image/jpeg"],
  [".jpe", "image/jpeg"],
  [".png", "image/png"],
  [".gif", "image/gif"],
  [".webp", "image/webp"],
  [".pdf", "application/pdf"],
]);

/**
 * What a file is attached as instead of shown: by its first bytes, else by its extension; undefined for all others.
 * SVG is text. Bitmaps are recognised so that a misnamed one is not attached as what its name says.
 */
export function sniffMedia(name: string, firstBytes: Uint8Array): MediaType | undefined {
  const head = Buffer.from(firstBytes.subarray(0, 16)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("GIF8")) return "image/gif";
  if (head.startsWith("BM")) return undefined;
  if (head.startsWith("%PDF-")) return "application/pdf";
  if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) return "image/webp";
  return MEDIA_EXTENSIONS.get(extname(name).toLowerCase());
}
