import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { shellQuote } from "../../../src/util/shell-quote.ts";

const words = [
  "",
  "plain-1.2/x:y,z@%+=",
  "a b",
  "it's",
  "'''",
  '"$x" `id` $(id)',
  "back\\slash\\",
  "new\nline\n",
  "tab\t",
  "*?[]{}~!#&;|<>()",
  "~",
  "-n",
  "é日😀",
  "\x01\x1b[31m\x7f",
];

test.each([
  ["dash", ["dash"]],
  ["bash", ["bash", "--norc"]],
  ["BusyBox", ["busybox", "sh"]],
])("every word comes back from %s", (_name, [program = "", ...args]) => {
  const script = `printf '%s\\0' ${words.map(shellQuote).join(" ")}`;
  expect(
    execFileSync(program, [...args, "-c", script])
      .toString()
      .split("\0")
      .slice(0, -1),
  ).toEqual(words);
});

test("a plain word stays readable", () => {
  expect(shellQuote("/srv/app-1.0/file.ts")).toBe("/srv/app-1.0/file.ts");
  expect(shellQuote("a b")).toBe("'a b'");
});
