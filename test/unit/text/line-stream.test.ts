import { expect, test } from "vitest";
import { type LineOptions, type LinePiece, linePieces } from "../../../src/text/line-stream.ts";

const text = "one\r\ntwo\n\nzwölf\rfünf\r\n😀 end";

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function pieces(
  content: string | Uint8Array,
  options: Partial<LineOptions> = {},
  size = 1,
): Promise<LinePiece[]> {
  const found: LinePiece[] = [];
  for await (const piece of linePieces(inChunks(Buffer.from(content), size), {
    maxLength: 100,
    breaks: "all",
    ...options,
  })) {
    found.push(piece);
  }
  return found;
}
const texts = (found: LinePiece[]) => found.map((piece) => piece.text);

test.each([1, 2, 3, 7, 100])("lines are the same whatever the chunks are, of %d bytes here", async (size) => {
  expect(texts(await pieces(text, {}, size))).toEqual(["one", "two", "", "zwölf", "fünf", "😀 end"]);
  expect(texts(await pieces(text, { breaks: "lf" }, size))).toEqual(["one\r", "two", "", "zwölf\rfünf\r", "😀 end"]);
});

test("a final line break opens no further line; what has none has not ended", async () => {
  expect(await pieces("a\nb\r")).toEqual([
    { number: 1, text: "a", isFirst: true, isEnded: true },
    { number: 2, text: "b", isFirst: true, isEnded: true },
  ]);
  expect((await pieces("a\nb")).at(-1)).toEqual({ number: 2, text: "b", isFirst: true, isEnded: false });
  expect(await pieces("")).toEqual([]);
});

test("a long line comes in pieces under its number, and no character is cut", async () => {
  expect(await pieces("abcdefg\nh", { maxLength: 3 })).toEqual([
    { number: 1, text: "abc", isFirst: true, isEnded: false },
    { number: 1, text: "def", isFirst: false, isEnded: false },
    { number: 1, text: "g", isFirst: false, isEnded: true },
    { number: 2, text: "h", isFirst: true, isEnded: false },
  ]);
  expect(texts(await pieces("😀😀😀", { maxLength: 3 }, 5))).toEqual(["😀", "😀", "😀"]);
});

test("bytes that are not UTF-8 are replaced, and a byte order mark goes", async () => {
  expect(texts(await pieces(Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x0a, 0xe2, 0x82])))).toEqual([
    "a\ufffd",
    "\ufffd",
  ]);
});
