import { describe, expect, test } from "vitest";
import { expandBraces, globMatcher } from "../../../src/posix/glob.ts";

describe("a glob", () => {
  test.each<[string, string[], string[]]>([
    ["*.ts", ["a.ts", "src/a.ts", ".ts", ".hid.ts"], ["a.tsx", "A.TS", ".hidden/a.ts"]],
    ["/a.ts", ["a.ts"], ["src/a.ts"]],
    ["src/*.ts", ["src/a.ts"], ["a/src/a.ts", "src/deep/a.ts"]],
    ["src/**", ["src/a", "src/b/c"], ["src", "a/src/b"]],
    ["src/**/*.ts", ["src/a.ts", "src/b/c/d.ts"], ["a.ts"]],
    ["**/deep/**", ["deep/a", "a/deep/b/c"], ["a/deep"]],
    ["{src,app}/*.{ts,js}", ["src/a.ts", "app/a.js"], ["lib/a.ts"]],
    ["*.{ts}", ["a.ts"], ["a.t"]],
    ["[!ab].ts", ["c.ts"], ["a.ts", "é.ts"]],
    ["app/[[]id].tsx", ["app/[id].tsx"], ["app/i.tsx"]],
    ["app/\\[id\\]/*", ["app/[id]/page.tsx"], ["app/i/page.tsx"]],
    ["app/(auth)/*", ["app/(auth)/page.tsx"], []],
    ["a|b.ts", ["a|b.ts"], ["a", "b.ts"]],
    [".hidden/**", [], [".hidden/a"]],
    ["**", ["a", ".hidden/a", "b/.c/d"], []],
    ["src/", [], ["src", "src/a"]],
    ["é.*", ["é.ts"], ["e.ts"]],
  ])("%j lists %j and not %j", (pattern, yes, no) => {
    const matches = globMatcher(pattern);
    expect(yes.filter((path) => !matches?.(path))).toEqual([]);
    expect(no.filter((path) => matches?.(path))).toEqual([]);
  });

  test.each([
    "!*.ts",
    "#x",
    "a ",
    "[a",
    "{a",
    "a}",
    "{a,{b,c}}",
    "{,a}",
    "{}",
    "[\\!a]",
    "[[:digit:]]",
    "[é]",
    "[z-a]",
    "a\\",
  ])("%j is refused", (pattern) => {
    expect(globMatcher(pattern)).toBeUndefined();
  });
});

test("braces expand to every combination, up to a bound", () => {
  expect(expandBraces("{a,b}.{c,d}")).toEqual(["a.c", "a.d", "b.c", "b.d"]);
  expect(expandBraces("\\{a\\}[{]")).toEqual(["\\{a\\}[{]"]);
  expect(expandBraces("{a,b}".repeat(30))).toBeUndefined();
});
