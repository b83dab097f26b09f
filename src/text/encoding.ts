const BOM = "\uFEFF";

export interface DecodedText {
  /** Without the byte order mark. */
  text: string;
  bom: boolean;
  /** `encodeText(text, { bom })` gives the same bytes again. Where false, `text` is for reading only. */
  exact: boolean;
}

/**
 * UTF-8 bytes as text. Bytes that are not UTF-8 become U+FFFD and make the answer inexact, and so does a second byte
 * order mark, which `encodeText` would not write back.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  const strict = decodeStrictly(bytes);
  const decoded = strict ?? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const bom = decoded.startsWith(BOM);
  const text = bom ? decoded.slice(1) : decoded;
  return { text, bom, exact: strict !== undefined && Buffer.compare(encodeText(text, { bom }), bytes) === 0 };
}

/** UTF-8 bytes of `text`, with exactly one byte order mark when `bom` is set and none otherwise. */
export function encodeText(text: string, options: { bom: boolean }): Uint8Array {
  const bare = text.startsWith(BOM) ? text.slice(1) : text;
  return new TextEncoder().encode(options.bom ? BOM + bare : bare);
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
