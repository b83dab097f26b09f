import { expect, test } from "vitest";
import { searchPattern } from "../../../src/text/search-pattern.ts";

test.each([
  ["err(or)?", "an error", true],
  ["(?i)ERROR", "error", true],
  ["ERROR", "error", false],
  ["^[[:digit:]]+$", "42", true],
  ["^[[:alpha:]_]+$", "a_1", false],
  ["\\bone\\b", "one two", true],
  ["a\\-b", "a-b", true],
  ["^.$", "😀", true],
])("%j in %j: %s", (pattern, text, found) => {
  expect(searchPattern(pattern).test(text)).toBe(found);
});

test("a pattern that is none is refused in one sentence", () => {
  expect(() => searchPattern("(")).toThrow(/^regex parse error: /);
});
