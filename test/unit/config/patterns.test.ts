import { expect, test } from "vitest";
import { matchesHostLine, matchesHostList, matchesList, matchesPattern } from "../../../src/config/patterns.ts";

test.each([
  ["host", "host", true],
  ["host", "HOST", false],
  ["host", "h*", true],
  ["host", "*", true],
  ["", "*", true],
  ["host", "h?st", true],
  ["host", "host?", false],
  ["a.b.lan", "*.lan", true],
  ["a.b.lan.org", "*.lan", false],
  ["aXbXc", "a*X*c", true],
  ["host", "", false],
  ["[x]", "[x]", true],
])("%j against the pattern %j: %s", (text, pattern, expected) => {
  expect(matchesPattern(text, pattern)).toBe(expected);
});

test("a pattern full of stars is answered at once", () => {
  expect(matchesPattern("a".repeat(5000), `${"*a".repeat(500)}b`)).toBe(false);
});

test("a negated pattern that matches decides, and none matches by itself", () => {
  expect(matchesList("box.lan", "*.lan,!box.*")).toBe(false);
  expect(matchesList("box.lan", "!other,*.lan")).toBe(true);
  expect(matchesList("box", "!other")).toBe(false);
  expect(matchesHostList("Box", "bOx")).toBe(true);
  expect(matchesHostLine("box", ["*", "!b*"])).toBe(false);
  expect(matchesHostLine("box", ["!b*"])).toBe(false);
  expect(matchesHostLine("Box", ["box"])).toBe(false);
});
