import { describe, expect, test } from "vitest";
import { splitWords } from "../../../src/config/words.ts";

describe("splitWords splits as a POSIX shell does", () => {
  test.each([
    ["", []],
    ["  \t\n ", []],
    ["ssh host", ["ssh", "host"]],
    ["  ssh \t host\n", ["ssh", "host"]],
    ["ssh -i 'my key' host", ["ssh", "-i", "my key", "host"]],
    ['ssh -i "my key" host', ["ssh", "-i", "my key", "host"]],
    ["ssh -i my\\ key host", ["ssh", "-i", "my key", "host"]],
    ["-o'Key Value'", ["-oKey Value"]],
    ["a''b \"\" ''", ["ab", "", ""]],
    [`"it's" 'say "hi"'`, ["it's", 'say "hi"']],
    ['"a\\"b" "a\\\\b" "a\\nb" "\\$x"', ['a"b', "a\\b", "a\\nb", "$x"]],
    ["'a\\'", ["a\\"]],
    ["a\\\nb \\\n c", ["ab", "c"]],
    ['"a\\\nb"', ["ab"]],
    [`'C:\\Users\\me\\id' "C:\\Program Files\\k"`, ["C:\\Users\\me\\id", "C:\\Program Files\\k"]],
    ["~/k $HOME;`x`", ["~/k", "$HOME;`x`"]],
  ])("%j", (line, words) => {
    expect(splitWords(line)).toEqual({ ok: true, value: words });
  });

  test.each([
    ["ssh 'host", "single quote (') at character 5"],
    ['ssh "ho\\"st', 'double quote (") at character 5'],
    ["ssh host\\", "backslash"],
  ])("%j is a problem", (line, said) => {
    const split = splitWords(line);
    expect(split).toEqual({ ok: false, problems: [expect.stringContaining(said)] });
  });
});
