import { describe, expect, it } from "vitest";
import { isBinary, SAMPLE_BYTES, sniffMedia } from "../../../src/text/binary.ts";

const text = Buffer.from("plain\ttext\r\n");

describe("isBinary", () => {
  it.each(["/srv/a.zip", "b.PYC", "lib.so"])("takes %s for binary by its name", (name) => {
    expect(isBinary(name, text)).toBe(true);
  });

  it("does not take a dotfile's name for an extension", () => {
    expect(isBinary("/srv/.a", text)).toBe(false);
  });

  it("takes a NUL byte for binary, but only within the sample", () => {
    expect(isBinary("f", Buffer.from("a\0b"))).toBe(true);
    expect(isBinary("f", Buffer.concat([Buffer.alloc(SAMPLE_BYTES, "a"), Buffer.alloc(1)]))).toBe(false);
  });

  it("allows up to 30 percent control characters", () => {
    expect(isBinary("f", Buffer.from("\x01\x02\x03aaaaaaa"))).toBe(false);
    expect(isBinary("f", Buffer.from("\x01\x02\x03\x04aaaaaa"))).toBe(true);
  });

  it("takes empty files and other encodings for text", () => {
    expect(isBinary("f", new Uint8Array())).toBe(false);
    expect(isBinary("f", Buffer.from([0xfc, 0xe4, 0xf6, 0x0a]))).toBe(false);
  });
});

describe("sniffMedia", () => {
  it.each([
    ["image/png", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])],
    ["image/jpeg", Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ["image/gif", Buffer.from("GIF89a")],
    ["image/webp", Buffer.from("RIFF\x01\x02\x03\x04WEBPVP8 ")],
    ["application/pdf", Buffer.from("%PDF-1.7")],
  ])("recognises %s by its content under any name", (mime, bytes) => {
    expect(sniffMedia("/srv/file.txt", bytes)).toBe(mime);
  });

  it("believes the name where the content says nothing", () => {
    expect(sniffMedia("/srv/a.JPG", text)).toBe("image/jpeg");
  });

  it("leaves SVG, bitmaps and other files alone", () => {
    expect(sniffMedia("a.svg", Buffer.from("<svg/>"))).toBeUndefined();
    expect(sniffMedia("a.png", Buffer.from("BM\x01\x02"))).toBeUndefined();
    expect(sniffMedia("a.wav", Buffer.from("RIFF\x01\x02\x03\x04WAVE"))).toBeUndefined();
  });
});
