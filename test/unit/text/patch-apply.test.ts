import { describe, expect, it } from "vitest";
import { applyChunks } from "../../../src/text/patch-apply.ts";
import type { Chunk } from "../../../src/text/patch-parse.ts";

const chunk = (oldLines: string[], newLines: string[], more: Partial<Chunk> = {}): Chunk => ({
  oldLines,
  newLines,
  ...more,
});

describe("applyChunks", () => {
  it("applies several chunks, each below the one before", () => {
    const chunks = [chunk(["x"], ["1"]), chunk(["x"], ["2", "3"])];
    expect(applyChunks("/f", "x\na\nx\nx\n", chunks)).toBe("1\na\n2\n3\nx\n");
  });

  it("searches below the context line", () => {
    expect(applyChunks("/f", "x\ndef g\nx\n", [chunk(["x"], ["y"], { context: "def g" })])).toBe("x\ndef g\ny\n");
  });

  it("prefers the end of the file when the chunk says so", () => {
    expect(applyChunks("/f", "x\na\nx\n", [chunk(["x"], ["y"], { endOfFile: true })])).toBe("x\na\ny\n");
    expect(applyChunks("/f", "x\na\n", [chunk(["x"], ["y"], { endOfFile: true })])).toBe("y\na\n");
  });

  it.each([
    ["trailing white space", "a  \nb\n", "a"],
    ["indentation", "\t a\nb\n", "a "],
    ["typographic characters", "“a”\u00A0– b…\nb\n", '"a" - b...'],
  ])("finds lines that differ in %s", (_name, content, line) => {
    expect(applyChunks("/f", content, [chunk([line], ["new"])])).toBe("new\nb\n");
  });

  it("prefers the exact line to an earlier similar one", () => {
    expect(applyChunks("/f", " a\na\n", [chunk(["a"], ["z"])])).toBe(" a\nz\n");
  });

  it("puts pure additions at the end in their order", () => {
    expect(applyChunks("/f", "a\n", [chunk([], ["1"]), chunk([], ["2"])])).toBe("a\n1\n2\n");
    expect(applyChunks("/f", "", [chunk([], ["1"])])).toBe("1\n");
  });

  it("forgives a blank last line that stands for the final newline", () => {
    expect(applyChunks("/f", "a\nb", [chunk(["b", ""], ["c", ""])])).toBe("a\nc\n");
  });

  it("leaves the carriage returns of untouched lines alone", () => {
    expect(applyChunks("/f", "a\r\nb\r\n", [chunk(["b"], ["c"])])).toBe("a\r\nc\n");
  });

  it("takes more lines than a call may have arguments", () => {
    const many = Array.from({ length: 300_000 }, (_, index) => `${index}`);
    expect(applyChunks("/f", "a\n", [chunk(["a"], many)]).length).toBe(many.join("\n").length + 1);
  });

  it("names what it did not find", () => {
    expect(() => applyChunks("/srv/f", "a\n", [chunk(["x", "y"], [])])).toThrow(
      "Failed to find expected lines in /srv/f:\nx\ny",
    );
    expect(() => applyChunks("/srv/f", "a\n", [chunk(["a"], [], { context: "def f" })])).toThrow(
      "Failed to find context 'def f' in /srv/f",
    );
  });
});
