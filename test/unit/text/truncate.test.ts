import { describe, expect, it } from "vitest";
import { createTail, tailOf } from "../../../src/text/truncate.ts";

const limits = { maxLines: 3, maxBytes: 10 };

describe("tailOf", () => {
  it.each([
    ["short text whole", "a\nb", "a\nb", false],
    ["text at both limits whole", "abc\nabc\nab", "abc\nabc\nab", false],
    ["the last lines", "1\n2\n3\n4", "2\n3\n4", true],
    ["a final newline as an empty line", "1\n2\n3\n", "2\n3\n", true],
    ["only whole lines", "aaaaaaaa\nbbbb\ncccc", "bbbb\ncccc", true],
    ["the tail of a giant last line", "x\n0123456789abc", "3456789abc", true],
    ["only whole characters of it", "😀😀😀", "😀😀", true],
    ["nothing but the empty line behind a giant one", "0123456789abc\n", "", true],
  ])("keeps %s", (_name, text, expected, truncated) => {
    expect(tailOf(text, limits)).toEqual({ text: expected, truncated });
  });

  it("keeps 2000 lines by default", () => {
    const { text } = tailOf(Array.from({ length: 2500 }, (_, index) => index).join("\n"));
    expect(text.split("\n")).toHaveLength(2000);
    expect(text.endsWith("2499")).toBe(true);
  });
});

describe("createTail", () => {
  it("keeps the last bytes whatever the chunks are", () => {
    for (let round = 0; round < 300; round++) {
      const tail = createTail(16);
      let all = "";
      for (let chunk = 0; chunk < round % 12; chunk++) {
        const piece = String.fromCharCode(97 + chunk).repeat((round * 7 + chunk * 5) % 23);
        tail.push(Buffer.from(piece));
        all += piece;
      }
      expect(Buffer.from(tail.bytes()).toString()).toBe(all.slice(-16));
      expect(tail.dropped).toBe(Math.max(0, all.length - 16));
    }
  });

  it("begins with a whole character after a cut", () => {
    const tail = createTail(6);
    tail.push(Buffer.from("€€€"));
    expect(Buffer.from(tail.bytes()).toString()).toBe("€€");
    tail.push(Buffer.from("ab"));
    expect(Buffer.from(tail.bytes()).toString()).toBe("€ab");
    expect(tail.dropped).toBe(6);
  });

  it("copies what is pushed", () => {
    const chunk = Buffer.from("ab");
    const tail = createTail(8);
    tail.push(chunk);
    chunk.fill(0);
    expect(Buffer.from(tail.bytes()).toString()).toBe("ab");
  });

  it("keeps nothing when nothing may be kept", () => {
    const tail = createTail(0);
    tail.push(Buffer.from("abc"));
    expect(tail.bytes()).toHaveLength(0);
    expect(tail.dropped).toBe(3);
  });
});
