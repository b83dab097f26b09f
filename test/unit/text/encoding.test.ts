import { describe, expect, it } from "vitest";
import { decodeText, encodeText } from "../../../src/text/encoding.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

describe("decodeText", () => {
  it("gives UTF-8 text exactly", () => {
    const decoded = decodeText(Buffer.from("grüße 😀\r\n"));
    expect(decoded).toEqual({ text: "grüße 😀\r\n", bom: false, exact: true });
  });

  it("takes the byte order mark off and encodeText puts it back", () => {
    const file = bytes(0xef, 0xbb, 0xbf, 0x61);
    const decoded = decodeText(file);
    expect(decoded).toEqual({ text: "a", bom: true, exact: true });
    expect([...encodeText(decoded.text, decoded)]).toEqual([...file]);
  });

  it.each([
    ["Latin-1", bytes(0x67, 0xfc, 0x6e)],
    ["an encoded surrogate", bytes(0xed, 0xa0, 0x80)],
    ["an overlong form", bytes(0xc0, 0xaf)],
    ["a character cut at the end", bytes(0x61, 0xe2, 0x82)],
    ["UTF-16", bytes(0xff, 0xfe, 0x61, 0x00)],
  ])("shows %s with replacement characters and calls it inexact", (_name, file) => {
    const decoded = decodeText(file);
    expect(decoded.exact).toBe(false);
    expect(decoded.text).toContain("\uFFFD");
  });

  it("calls a file with two byte order marks inexact", () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x61)).exact).toBe(false);
  });

  it("says exact only where encoding gives the same bytes, for random bytes", () => {
    for (let round = 0; round < 500; round++) {
      const file = crypto.getRandomValues(new Uint8Array(round % 9));
      const decoded = decodeText(file);
      expect(Buffer.from(encodeText(decoded.text, decoded)).equals(file)).toBe(decoded.exact);
    }
  });
});

describe("encodeText", () => {
  it("never writes two byte order marks and drops one that is not wanted", () => {
    expect([...encodeText("\uFEFFa", { bom: true })]).toEqual([0xef, 0xbb, 0xbf, 0x61]);
    expect([...encodeText("\uFEFFa", { bom: false })]).toEqual([0x61]);
  });
});
