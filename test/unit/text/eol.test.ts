import { expect, it } from "vitest";
import { convertEol, detectEol, toLf } from "../../../src/text/eol.ts";

it("takes a file with a single CRLF for a CRLF file", () => {
  expect(detectEol("a\nb\r\nc\n")).toBe("\r\n");
  expect(detectEol("a\nb\rc")).toBe("\n");
});

it("converts LF and CRLF alike without doubling a carriage return", () => {
  expect(convertEol("a\r\nb\nc", "\r\n")).toBe("a\r\nb\r\nc");
  expect(convertEol("a\r\nb\nc", "\n")).toBe("a\nb\nc");
  expect(toLf("a\rb\r\n")).toBe("a\rb\n");
});
