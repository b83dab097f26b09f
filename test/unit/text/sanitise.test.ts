import { describe, expect, it } from "vitest";
import { sanitise, spellOut } from "../../../src/text/sanitise.ts";

describe("sanitise", () => {
  it.each([
    ["colours", "\x1b[1;31mred\x1b[0m", "red"],
    ["a C1 introducer", "\x9b31mred", "red"],
    ["a title ended by BEL", "a\x1b]0;evil\x07b", "ab"],
    ["a link ended by ST", "a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\c", "abc"],
    ["a C1 string", "a\x9d52;c;ZXZpbA==\x9cb", "ab"],
    ["DCS, APC, PM and SOS", "a\x1bPq\x1b\\b\x1b_x\x1b\\c\x1b^y\x1b\\d\x1bXz\x1b\\e", "abcde"],
    ["an unterminated string", "a\x1b]0;evil", "a"],
    ["an unterminated sequence", "a\x1b[31", "a"],
    ["a reset and a charset switch", "a\x1bcb\x1b(Bd", "abd"],
    ["a lone escape at the end", "a\x1b", "a"],
    ["backspace, bell, carriage return, DEL and C1", "a\b\x07\r\x7f\x85b", "ab"],
  ])("removes %s", (_name, text, expected) => {
    expect(sanitise(text)).toBe(expected);
  });

  it("goes on behind a string that another sequence interrupts", () => {
    expect(sanitise("\x1b]0;evil\x1b[31mshown")).toBe("shown");
  });

  it.each([
    ["bidi override", "a\u202Eb", "a\\u{202E}b"],
    ["bidi isolate", "\u2066x", "\\u{2066}x"],
    ["zero width space", "a\u200Bb", "a\\u{200B}b"],
    ["tag", "a\u{E0041}", "a\\u{E0041}"],
    ["line separator", "a\u2028b", "a\\u{2028}b"],
    ["Hangul filler", "\u3164", "\\u{3164}"],
    ["lone surrogate", "\uD800x", "\\u{D800}x"],
    ["variation selector on a letter", "a\uFE0F", "a\\u{FE0F}"],
  ])("spells out an invisible %s", (_name, text, expected) => {
    expect(sanitise(text)).toBe(expected);
  });

  it("leaves ordinary text alone", () => {
    const text = "grüße\t日本語 עברית\n❤️ 😀 [31m \\x1b";
    expect(sanitise(text)).toBe(text);
  });

  it("lets nothing through from random bytes, and changes nothing the second time", () => {
    const random = mulberry32(20_260_101);
    const pieces = [
      "\x1b",
      "[",
      "]",
      "P",
      "X",
      "^",
      "_",
      "\\",
      "\x07",
      "\x18",
      "\x90",
      "\x98",
      "\x9b",
      "\x9c",
      "\x9d",
      "\x9e",
      "\x9f",
    ];
    const others = ["\n", "\t", "m", "52;c;", "0;", "?25l", "\u202e", "\u2066", "\u200b", "\ufe0f", "\ud83d", "❤", "é"];
    const telling = [...pieces, ...others];
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: Math.floor(random() * 40) }, () =>
        random() < 0.6
          ? (telling[Math.floor(random() * telling.length)] ?? "")
          : String.fromCharCode(Math.floor(random() * 256)),
      ).join("");
      const clean = sanitise(text);
      expect(clean, JSON.stringify(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\u200b\ud83d]/);
      expect(sanitise(clean), JSON.stringify(text)).toBe(clean);
    }
  });

  it("lets nothing through from random bytes that are decoded as a terminal would", () => {
    const random = mulberry32(4);
    for (let round = 0; round < 2_000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256));
      for (const encoding of ["utf8", "latin1"] as const) {
        const clean = sanitise(Buffer.from(bytes).toString(encoding));
        expect(Buffer.from(clean).toString("latin1"), String(bytes)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
        expect(sanitise(clean), String(bytes)).toBe(clean);
      }
    }
  });

  // Were one of these quadratic, it would take hours, not the seconds that a test may take.
  it.each([
    ["strings", "\x1b]\x1b[", ""],
    ["sequences without an end", "\x1b[1;", ""],
    ["escapes with intermediates", "\x1b   ", ""],
    ["strings whose end is cut", "\x1bP\x1b", ""],
    ["ordinary text", "abc", "abc"],
  ])("takes linear time for many %s", (_name, piece, clean) => {
    expect(sanitise(piece.repeat(1_000_000))).toBe(clean.repeat(1_000_000));
  });

  it("takes linear time for one string without an end", () => {
    expect(sanitise(`a\x1b]0;${"b".repeat(10_000_000)}`)).toBe("a");
  });
});

describe("spellOut", () => {
  it("hides nothing of what somebody decides about", () => {
    expect(spellOut("rm \x1b[2K\u202efile\r\x9d x")).toBe("rm \\u{1B}[2K\\u{202E}file\\u{D}\\u{9D} x");
  });

  it("leaves ordinary text and its line ends alone", () => {
    const text = "+grüße\t日本語\r\n-❤️ \\x1b\n";
    expect(spellOut(text)).toBe(text);
  });

  it("lets nothing through from random characters", () => {
    const random = mulberry32(7);
    for (let round = 0; round < 2_000; round++) {
      const units = Array.from({ length: 40 }, () => Math.floor(random() * (random() < 0.7 ? 0x100 : 0x2100)));
      const clean = spellOut(String.fromCharCode(...units));
      expect(clean, String(units)).not.toMatch(
        /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/,
      );
      expect(spellOut(clean)).toBe(clean);
    }
  });
});

/** A small seeded generator, so that a failing seed can be run again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
