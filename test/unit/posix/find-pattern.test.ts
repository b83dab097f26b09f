import { describe, expect, test } from "vitest";
import { countsCharacters, toExtendedRegex, toFindNames } from "../../../src/posix/find-pattern.ts";

describe("a regular expression", () => {
  test.each([
    ["plain text", "plain text"],
    ["a.*b+c?", "a.*b+c?"],
    ["^a$", "^a$"],
    ["(a|b){2,3}", "(a|b){2,3}"],
    ["(?:a|b)c", "(a|b)c"],
    ["\\d+\\s\\w", "[0-9]+[[:space:]][[:alnum:]_]"],
    ["\\D\\S\\W", "[^0-9][^[:space:]][^[:alnum:]_]"],
    ["foo\\(\\)\\.bar\\[0\\]", "foo\\(\\)\\.bar\\[0]"],
    ['a\\/b\\-c\\"d', 'a/b-c"d'],
    ["[\\w.-]+@", "[[:alnum:]_.-]+@"],
    ["[\\]\\-\\^x]", "[]x^-]"],
    ["[^\\]x]", "[^]x]"],
    ["[]a]", "[]a]"],
    ["[\\\\/]", "[\\/]"],
    ["[\\.]", "[.]"],
    ["[\\^]", "\\^"],
    ["[[:alpha:]_]", "[[:alpha:]_]"],
    ["a\\tb", "a\tb"],
    ["a}b]", "a}b]"],
    ["naïve|日本", "naïve|日本"],
  ])("%j becomes %j", (pattern, expected) => {
    expect(toExtendedRegex(pattern)).toBe(expected);
  });

  test.each([
    "(?i)a",
    "(?P<n>a)",
    "a*?",
    "a+?",
    "a{2}?",
    "\\bword\\b",
    "\\<word",
    "\\p{L}",
    "\\x41",
    "\\n",
    "a\nb",
    "(a",
    "a)",
    "[a",
    "a{",
    "{2}",
    "*a",
    "(*a)",
    "a||b",
    "(|a)",
    "a|",
    "()",
    "a\\",
    "[\\s\\S]",
    "[a&&b]",
    "[a--b]",
    "[a[bc]]",
    "[\\x00-\\x1f]",
    "[+-\\]]",
  ])("%j is refused", (pattern) => {
    expect(toExtendedRegex(pattern)).toBeUndefined();
  });
});

describe("a file name glob", () => {
  test.each([
    ["*.ts", ["-name", "*.ts"]],
    ["**/*.ts", ["-name", "*.ts"]],
    ["*.{ts,tsx}", ["-name", "*.ts", "-o", "-name", "*.tsx"]],
    ["[^a]*", ["-name", "[!a]*"]],
    ["it's $(id)", ["-name", "it's $(id)"]],
  ])("%j becomes %j", (glob, expected) => {
    expect(toFindNames(glob)).toEqual(expected);
  });

  test.each(["src/*.ts", "/a", "!*.ts", "#a", "a ", "{a", "{a,{b}}", "{a,}", "[a", "a\\*", "[[:alpha:]]"])(
    "%j is refused",
    (glob) => {
      expect(toFindNames(glob)).toBeUndefined();
    },
  );
});

test.each([
  ["foo", false],
  ["a.*b.+c", false],
  ["[^x]*\\S+", false],
  ["naïve", false],
  ["\\.", false],
  ["[a-z]{3}", false],
  ["a.b", true],
  [".?", true],
  ["[^x]", true],
  ["\\S\\S", true],
  ["\\w*", true],
  ["[\\w.]*", true],
  ["[é]", true],
  ["é+", true],
])("%j counts characters: %j", (pattern, expected) => {
  expect(countsCharacters(pattern)).toBe(expected);
});
