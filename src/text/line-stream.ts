/** A line of a stream, or a piece of one that is longer than asked for. */
export interface LinePiece {
  /** Of the line, counted from 1. */
  number: number;
  /** Without the line break. */
  text: string;
  /** The line begins here. */
  isFirst: boolean;
  /** The line ends here, with a line break. */
  isEnded: boolean;
}

export interface LineOptions {
  /** UTF-16 units of one piece; no more than this and one chunk are held. */
  maxLength: number;
  /** `all`: LF, CRLF and a lone CR end a line, as for the read tool; `lf`: only LF, as for grep. */
  breaks: "all" | "lf";
}

/** Lines of UTF-8 bytes, without byte order mark; a final line break opens no further line. */
export async function* linePieces(
  chunks: AsyncIterable<Uint8Array>,
  { maxLength, breaks }: LineOptions,
): AsyncGenerator<LinePiece, void, void> {
  // Bun 1.3's decoder leaves a byte order mark that two chunks share.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let held = "";
  let isStart = true;
  let number = 1;
  let isFirst = true;

  const piece = (text: string, isEnded: boolean): LinePiece => {
    const made = { number, text, isFirst, isEnded };
    isFirst = isEnded;
    if (isEnded) number++;
    return made;
  };
  function* pieces(line: string): Generator<LinePiece, string, void> {
    let rest = line;
    while (rest.length > maxLength) {
      const end = isHighSurrogate(rest.charCodeAt(maxLength - 1)) && maxLength > 1 ? maxLength - 1 : maxLength;
      yield piece(rest.slice(0, end), false);
      rest = rest.slice(end);
    }
    return rest;
  }
  function* take(isEnd: boolean): Generator<LinePiece, void, void> {
    const lineBreak = breaks === "all" ? /\r\n|\n|\r/g : /\n/g;
    let start = 0;
    for (let found = lineBreak.exec(held); found; found = lineBreak.exec(held)) {
      // The other half of a CRLF may come with the next chunk.
      if (found[0] === "\r" && lineBreak.lastIndex === held.length && !isEnd) break;
      yield piece(yield* pieces(held.slice(start, found.index)), true);
      start = lineBreak.lastIndex;
    }
    held = yield* pieces(held.slice(start));
  }

  for await (const chunk of chunks) {
    held += decoder.decode(chunk, { stream: true });
    if (isStart && held !== "") {
      held = held.replace(/^\ufeff/, "");
      isStart = false;
    }
    yield* take(false);
  }
  held += decoder.decode();
  yield* take(true);
  if (held !== "") yield piece(held, false);
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
