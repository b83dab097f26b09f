import { describe, expect, it } from "vitest";
import { renderDirectory, renderFile } from "../../../src/text/lines.ts";

const path = "/srv/f";
const many = (count: number) => Array.from({ length: count }, (_, index) => `l${index + 1}`).join("\n");

describe("renderFile", () => {
  it("numbers the lines of a whole file", () => {
    expect(renderFile({ path, text: "a\r\nb\n" })).toEqual({
      output:
        "<path>/srv/f</path>\n<type>file</type>\n<content>\n1: a\n2: b\n\n(End of file - total 2 lines)\n</content>",
      truncated: false,
      preview: "a\nb",
      display: { type: "file", path, text: "a\nb", lineStart: 1, lineEnd: 2, totalLines: 2, truncated: false },
    });
  });

  it("shows an empty file", () => {
    expect(renderFile({ path, text: "" }).output).toContain("<content>\n\n\n(End of file - total 0 lines)\n</content>");
  });

  it("counts LF, CRLF and lone CR as line ends, and only what follows the last one as a line", () => {
    expect(renderFile({ path, text: "a\rb\n\nc\r\n\r\n" }).display).toMatchObject({
      text: "a\nb\n\nc\n",
      totalLines: 5,
    });
    expect(renderFile({ path, text: "a\r" }).display.totalLines).toBe(1);
  });

  it("pages with offset and limit and says how to go on", () => {
    const page = renderFile({ path, text: many(9), offset: 3, limit: 2 });
    expect(page.output).toContain("<content>\n3: l3\n4: l4\n\n(Showing lines 3-4 of 9. Use offset=5 to continue.)");
    expect(page.display).toMatchObject({ lineStart: 3, lineEnd: 4, totalLines: 9, truncated: true });
  });

  it("shows 2000 lines unless told otherwise, and 20 of them in the preview", () => {
    const page = renderFile({ path, text: many(2001) });
    expect(page.output).toContain("2000: l2000\n\n(Showing lines 1-2000 of 2001. Use offset=2001 to continue.)");
    expect(page.preview.split("\n")).toHaveLength(20);
  });

  it("takes offset 0 for the first line", () => {
    expect(renderFile({ path, text: "a", offset: 0 }).display.lineStart).toBe(1);
  });

  it("cuts a line behind 2000 characters", () => {
    const { display } = renderFile({ path, text: `${"x".repeat(2001)}\n${"y".repeat(2000)}` });
    expect(display.text).toBe(`${"x".repeat(2000)}... (line truncated to 2000 chars)\n${"y".repeat(2000)}`);
  });

  it("stops before the line that would pass 51200 bytes, line breaks counted", () => {
    const line = "x".repeat(1023);
    const fits = renderFile({ path, text: Array(50).fill(line).join("\n") });
    expect(fits.truncated).toBe(false);
    const page = renderFile({ path, text: Array(60).fill(line).join("\n"), offset: 2 });
    expect(page.output).toContain("(Output capped at 50 KB. Showing lines 2-51. Use offset=52 to continue.)");
    expect(page.display).toMatchObject({ totalLines: 52, truncated: true });
  });

  it("fails for an offset behind the end", () => {
    expect(() => renderFile({ path, text: "a\nb", offset: 3 })).toThrow(
      "Offset 3 is out of range for this file (2 lines)",
    );
    expect(() => renderFile({ path, text: "", offset: 2 })).toThrow("Offset 2 is out of range for this file (0 lines)");
  });
});

describe("renderDirectory", () => {
  it("sorts the entries and counts them", () => {
    const page = renderDirectory({ path: "/srv", entries: ["b", ".git/", "a/"] });
    expect(page.output).toBe(
      "<path>/srv</path>\n<type>directory</type>\n<entries>\n.git/\na/\nb\n\n(3 entries)\n</entries>",
    );
    expect(page.display).toEqual({
      type: "directory",
      path: "/srv",
      entries: [".git/", "a/", "b"],
      offset: 1,
      totalEntries: 3,
      truncated: false,
    });
  });

  it("pages with offset and limit", () => {
    const page = renderDirectory({ path: "/srv", entries: ["a", "b", "c", "d"], offset: 2, limit: 2 });
    expect(page.output).toContain("b\nc\n\n(Showing 2 of 4 entries. Use 'offset' parameter to read beyond entry 4)");
    expect(page.truncated).toBe(true);
  });
});
