export interface TailLimits {
  maxLines: number;
  /** UTF-8 bytes, line breaks between kept lines included. */
  maxBytes: number;
}

/** OpenCode's limits for what one tool call may show the model. */
export const OUTPUT_LIMITS: TailLimits = { maxLines: 2000, maxBytes: 51_200 };

/**
 * The last whole lines that fit both limits. When not even the last line fits, its tail is kept, cut between characters.
 * A final newline counts as the break before an empty last line.
 */
export function tailOf(text: string, limits: TailLimits = OUTPUT_LIMITS): { text: string; truncated: boolean } {
  const { maxLines, maxBytes } = limits;
  if (text.split("\n").length <= maxLines && Buffer.byteLength(text) <= maxBytes) return { text, truncated: false };
  let start = text.length;
  let bytes = 0;
  for (let kept = 0; kept < maxLines; kept++) {
    // The line ends before `end`; `start` already includes the line break behind it.
    const end = kept === 0 ? text.length : start - 1;
    if (end < 0) break;
    const begin = end === 0 ? 0 : text.lastIndexOf("\n", end - 1) + 1;
    const size = Buffer.byteLength(text.slice(begin, end)) + (kept === 0 ? 0 : 1);
    if (bytes + size > maxBytes) {
      if (kept === 0) return { text: lastBytes(text.slice(begin), maxBytes), truncated: true };
      break;
    }
    start = begin;
    bytes += size;
  }
  return { text: text.slice(start), truncated: true };
}

function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.subarray(characterStart(bytes, Math.max(0, bytes.length - maxBytes))).toString();
}

/** First index at or behind `from` that is no UTF-8 continuation byte. */
function characterStart(bytes: Uint8Array, from: number): number {
  let at = from;
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at++;
  return at;
}

/** The last bytes of a stream, in memory that does not grow with it. */
export interface Tail {
  /** The chunk is copied; the caller may reuse it. */
  push(chunk: Uint8Array): void;
  /** A copy of what is kept; after a cut it begins with a whole UTF-8 character. */
  bytes(): Uint8Array;
  /** Bytes pushed that `bytes()` no longer holds. */
  readonly dropped: number;
}

/** A UTF-8 character has at most three continuation bytes; more of them in a row are no text and stay. */
const MAX_CONTINUATION = 3;

/** Keeps the last `maxBytes` bytes of what is pushed, in a ring buffer of that size at most. */
export function createTail(maxBytes: number): Tail {
  let ring = new Uint8Array(0);
  let total = 0;

  const grow = (wanted: number) => {
    if (ring.length >= Math.min(wanted, maxBytes)) return;
    // Nothing has wrapped yet: the ring only grows while everything still fits.
    const larger = new Uint8Array(Math.min(maxBytes, Math.max(wanted, ring.length * 2)));
    larger.set(ring.subarray(0, total));
    ring = larger;
  };

  const kept = (): Uint8Array => {
    if (total <= ring.length) return ring.slice(0, total);
    const at = total % ring.length;
    const ordered = new Uint8Array(ring.length);
    ordered.set(ring.subarray(at));
    ordered.set(ring.subarray(0, at), ring.length - at);
    const start = characterStart(ordered, 0);
    return start <= MAX_CONTINUATION ? ordered.slice(start) : ordered;
  };

  return {
    push(chunk) {
      if (maxBytes > 0) {
        grow(total + chunk.length);
        const piece = chunk.subarray(Math.max(0, chunk.length - ring.length));
        const at = (total + chunk.length - piece.length) % ring.length || 0;
        const first = piece.subarray(0, ring.length - at);
        ring.set(first, at);
        ring.set(piece.subarray(first.length), 0);
      }
      total += chunk.length;
    },
    bytes: kept,
    get dropped() {
      return total - kept().length;
    },
  };
}
