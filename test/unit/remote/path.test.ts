import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { basename, dirname, isInside, relative, remotePath } from "../../../src/remote/path.ts";

const base = remotePath("/srv/app");

describe("remotePath", () => {
  test.each([
    ["/", "/"],
    ["//a///b/", "/a/b"],
    ["/a/./b/../c", "/a/c"],
    ["/../../a", "/a"],
    ["/a/..", "/"],
    ["/ a / b ", "/ a / b "],
    ["/a\\b/\n", "/a\\b/\n"],
    ["/...", "/..."],
    ["/é/e\u0301", "/é/e\u0301"],
  ])("%j is %j", (path, expected) => {
    expect(remotePath(path)).toBe(expected);
  });

  test.each([
    ["a", "/srv/app/a"],
    ["", "/srv/app"],
    [".", "/srv/app"],
    ["..", "/srv"],
    ["../../../x", "/x"],
    ["~/x", "/srv/app/~/x"],
    ["/etc", "/etc"],
    ["-n", "/srv/app/-n"],
  ])("%j below the base is %j", (path, expected) => {
    expect(remotePath(path, base)).toBe(expected);
    expect(remotePath(path, base)).toBe(posix.resolve(base, path));
  });

  test("what is no path is refused", () => {
    expect(() => remotePath("a")).toThrow(/"a" is not an absolute path/);
    expect(() => remotePath("/a\0b")).toThrow(/NUL/);
  });
});

test.each(["/", "/a", "/a/b", "/a/b c", "/a/.b"])("dirname and basename of %j are those of POSIX", (text) => {
  const path = remotePath(text);
  expect(dirname(path)).toBe(posix.dirname(text));
  expect(basename(path)).toBe(posix.basename(text));
});

test.each([
  ["/srv/app", "/srv/app", true],
  ["/srv/app", "/srv/app/x", true],
  ["/srv/app", "/srv/apple", false],
  ["/srv/app", "/srv", false],
  ["/", "/x", true],
  ["/", "/", true],
  ["/srv/app", "/srv/app/../x", false],
])("inside %j is %j: %s", (dir, path, expected) => {
  expect(isInside(remotePath(dir), remotePath(path))).toBe(expected);
});

test.each([
  ["/a/b", "/a/b"],
  ["/a/b", "/a/b/c/d"],
  ["/a/b", "/a"],
  ["/a/b", "/a/bc"],
  ["/a/b", "/x/y"],
  ["/", "/x"],
  ["/x", "/"],
])("from %j to %j is as in Node", (from, to) => {
  expect(relative(remotePath(from), remotePath(to))).toBe(posix.relative(from, to));
});
