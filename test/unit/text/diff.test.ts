import { applyPatch, createTwoFilesPatch } from "diff";
import { describe, expect, it } from "vitest";
import { countChanges, filePatch, trimDiff } from "../../../src/text/diff.ts";

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe("filePatch", () => {
  it("is a unified diff with an index line", () => {
    expect(filePatch("/srv/a.txt", "a\nb\n", "a\nc\n")).toBe(
      `Index: /srv/a.txt\n${"=".repeat(67)}\n--- /srv/a.txt\n+++ /srv/a.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n`,
    );
  });

  it.each([
    ["", "a\n"],
    ["a", "a\n"],
    ["a\nb\nc", ""],
    ["same\n", "same\n"],
  ])("agrees with jsdiff on %j and %j", (before, after) => {
    expect(filePatch("/f", before, after)).toBe(createTwoFilesPatch("/f", "/f", before, after));
  });

  it("ignores line endings unless they are to count", () => {
    expect(filePatch("/f", "a\r\nb\r\n", "a\nb\n")).not.toContain("@@");
    expect(filePatch("/f", "a\r\n", "a\n", { keepCr: true })).toContain("-a\r\n+a\n");
  });

  it("writes names in any script as they are, and no line break into the header", () => {
    expect(filePatch("/srv/日本 é.txt", "a\n", "b\n")).toContain("--- /srv/日本 é.txt\n+++ /srv/日本 é.txt\n@@");
    expect(filePatch("/a\nb", "a\n", "b\n").split("\n")[0]).toBe('Index: "/a\\nb"');
  });

  it.each([
    ["with", "\n"],
    ["without", ""],
  ])("stays quick and correct for files that share little, %s a final newline", (_name, end) => {
    const before = ["head", ...numbered("a", 20_000), "tail"].join("\n") + end;
    const after = ["head", ...numbered("b", 20_000), "tail"].join("\n");
    const started = performance.now();
    const patch = filePatch("/f", before, after);
    expect(countChanges(before, after)).toEqual(
      end === "" ? { additions: 20_000, deletions: 20_000 } : { additions: 20_001, deletions: 20_001 },
    );
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(applyPatch(before, patch)).toBe(after);
  });
});

describe("trimDiff", () => {
  it("takes off the indentation that all body lines share", () => {
    expect(trimDiff("--- a\n+++ a\n@@ -1 +1 @@\n     x\n-      y\n+    \t z\n \n")).toBe(
      "--- a\n+++ a\n@@ -1 +1 @@\n x\n-  y\n+\t z\n \n",
    );
  });

  it("leaves a diff alone when one line is not indented", () => {
    expect(trimDiff(" a\n+  b")).toBe(" a\n+  b");
  });
});

it("countChanges counts lines", () => {
  expect(countChanges("a\nb\nc\n", "a\nx\ny\nc\n")).toEqual({ additions: 2, deletions: 1 });
  expect(countChanges("a\n", "a\n")).toEqual({ additions: 0, deletions: 0 });
});
