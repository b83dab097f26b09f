import { describe, expect, it } from "vitest";
import { isEmptyPatch, parsePatch } from "../../../src/text/patch-parse.ts";

const wrap = (...lines: string[]) => ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");

describe("parsePatch", () => {
  it("reads all kinds of sections in their order", () => {
    const hunks = parsePatch(
      wrap(
        "*** Add File: new.txt",
        "+one",
        "+two",
        "*** Delete File: old.txt",
        "*** Update File: a.py",
        "*** Move to: b.py",
        "@@ def f():",
        " keep",
        "-out",
        "+in",
      ),
    );
    expect(hunks).toEqual([
      { kind: "add", path: "new.txt", content: "one\ntwo\n" },
      { kind: "delete", path: "old.txt" },
      {
        kind: "update",
        path: "a.py",
        moveTo: "b.py",
        chunks: [{ oldLines: ["keep", "out"], newLines: ["keep", "in"], context: "def f():" }],
      },
    ]);
  });

  it("keeps the chunks behind an end-of-file mark and remembers the mark", () => {
    const [hunk] = parsePatch(wrap("*** Update File: a", "@@", "-x", "*** End of File", "@@", "-y"));
    expect(hunk).toMatchObject({
      chunks: [{ oldLines: ["x"], endOfFile: true }, { oldLines: ["y"] }],
    });
  });

  it("accepts the shell wrapper that models put around a patch", () => {
    const patch = wrap("*** Delete File: x");
    const expected = [{ kind: "delete", path: "x" }];
    expect(parsePatch(`cat <<'EOF'\n${patch}\nEOF`)).toEqual(expected);
    expect(parsePatch(`<<"X"\n${patch}\nX\n`)).toEqual(expected);
  });

  it("skips lines that fit nowhere and sections without a path", () => {
    expect(
      parsePatch(`junk\n${wrap("noise", "*** Update File:", "@@", "-x", "*** Delete File: y", "noise")}\njunk`),
    ).toEqual([{ kind: "delete", path: "y" }]);
  });

  it("gives an added file exactly one newline at its end, and none to an empty one", () => {
    expect(parsePatch(wrap("*** Add File: a", "+x", "+"))).toMatchObject([{ content: "x\n" }]);
    expect(parsePatch(wrap("*** Add File: a"))).toMatchObject([{ content: "" }]);
  });

  it.each(["", "*** Begin Patch", "*** End Patch\n*** Begin Patch", "*** Add File: a\n+x"])(
    "fails without both markers in order: %j",
    (text) => {
      expect(() => parsePatch(text)).toThrow("Invalid patch format: missing Begin/End markers");
    },
  );
});

it("only a patch of bare markers is empty", () => {
  expect(isEmptyPatch(" *** Begin Patch\r\n*** End Patch\r\n")).toBe(true);
  expect(isEmptyPatch(wrap("noise"))).toBe(false);
});
