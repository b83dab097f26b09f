import { describe, expect, it } from "vitest";
import { replaceText } from "../../../src/text/replace.ts";

const AMBIGUOUS = /^Found multiple matches for oldString\. Provide more surrounding context/;
const MISSING = /^Could not find oldString in the file\. It must match exactly/;

describe("replaceText finds", () => {
  it.each([
    ["the exact string", "a b c", "b", "X", "a X c"],
    ["lines with other white space at their ends", "  foo();  \n\tbar();\nend", "foo();\nbar();", "X", "X\nend"],
    [
      "a block by its first and last line and a similar middle",
      "if (a) {\n  callSomething(1);\n}\nrest",
      "if (a) {\n  callSomethink(1);\n}",
      "X",
      "X\nrest",
    ],
    ["part of a line with other white space inside", "let  x =   1; // keep", "let x = 1;", "X", "X // keep"],
    ["a block over lines broken elsewhere", "f(a,\tb,\n c)", "f(a, b,\nc)", "X", "X"],
    ["an indented block", "x\n    a\n\n      b\ny", "a\n\n  b", "X", "x\nX\ny"],
    ["a string whose escapes the model doubled", 'print("a\tb")', 'print("a\\tb")', "X", "X"],
    ["the string without the space around it", "one two three", "\n two \n", "X", "one X three"],
    [
      "a block of which half the middle is equal",
      "begin\n same\n completely different here\nend",
      "begin\n same\n zzzz\nend",
      "X",
      "X",
    ],
  ])("%s", (_name, content, oldString, newString, expected) => {
    expect(replaceText(content, oldString, newString)).toBe(expected);
  });
});

describe("replaceText", () => {
  it("replaces every occurrence of the first span it finds with replaceAll", () => {
    expect(replaceText("a.b.c", ".", "", true)).toBe("abc");
    expect(replaceText("  x \n  x ", "x  ", "y", true)).toBe("y\ny");
  });

  it("takes newString literally", () => {
    expect(replaceText("cost: N", "N", "$& $1 $$")).toBe("cost: $& $1 $$");
    expect(replaceText("N N", "N", "$&$$", true)).toBe("$&$$ $&$$");
  });

  it("goes on to the next candidate when one is not unique", () => {
    expect(replaceText("a  b\na b x\na b x", "a b\n", "X")).toBe("X\na b x\na b x");
  });

  it("fails when the strings are identical", () => {
    expect(() => replaceText("a", "a", "a")).toThrow("No changes to apply: oldString and newString are identical.");
  });

  it("fails when oldString is empty", () => {
    expect(() => replaceText("a", "", "b")).toThrow(/^oldString cannot be empty when editing an existing file\. /);
  });

  it("fails when nothing matches", () => {
    expect(() => replaceText("alpha\nbeta", "gamma", "x")).toThrow(MISSING);
  });

  it("fails when a block has the right ends but another middle", () => {
    const content = "open\n  qqqqqqqqqqqqqqqq\n  wwwwwwwwwwww\nclose";
    expect(() => replaceText(content, "open\n  12345\n  67890\nclose", "x")).toThrow(MISSING);
  });

  it("fails when every candidate occurs more than once", () => {
    expect(() => replaceText("x\nx", "x", "y")).toThrow(AMBIGUOUS);
  });

  it("refuses a span that is much longer than oldString", () => {
    const content = `start\n${"m".repeat(900)}\nsame\nend`;
    const oldString = "start\nm\nsame\nend";
    expect(() => replaceText(content, oldString, "x")).toThrow(/^Refusing replacement because the matched span/);
  });

  it("never replaces blank text everywhere because a blank oldString resembles it", () => {
    const content = "a\n\n  b\n  c\n";
    expect(() => replaceText(content, "   ", "X", true)).toThrow(AMBIGUOUS);
    expect(() => replaceText(content, " \n", "X", true)).toThrow(AMBIGUOUS);
  });
});
