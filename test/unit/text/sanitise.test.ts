import { describe, expect, it } from "vitest";
import { sanitise } from "../../../src/text/sanitise.ts";

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
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.log(`sanitise fuzz seed ${seed}`);
    const random = mulberry32(seed);
    const telling = [0x1b, 0x5b, 0x5d, 0x50, 0x5c, 0x07, 0x9b, 0x9c, 0x9d, 0x0a, 0x6d, 0x202e, 0x200b, 0xfe0f, 0xd83d];
    for (let round = 0; round < 5000; round++) {
      const units = Array.from({ length: Math.floor(random() * 40) }, () =>
        random() < 0.5 ? (telling[Math.floor(random() * telling.length)] ?? 0) : Math.floor(random() * 256),
      );
      const clean = sanitise(String.fromCharCode(...units));
      expect(clean, `seed ${seed}`).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b\ud83d]/);
      expect(sanitise(clean), `seed ${seed}`).toBe(clean);
    }
  });

  it("takes linear time for many unterminated strings", () => {
    const started = performance.now();
    expect(sanitise("\x1b]\x1b[".repeat(200_000))).toBe("");
    expect(performance.now() - started).toBeLessThan(5000);
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
