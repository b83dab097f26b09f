import { describe, expect, test } from "vitest";
import { findSudo } from "../../../src/workspace/sudo-words.ts";

/** The line with a mark before each word that no shell function would serve. */
function marked(line: string): string | undefined {
  return findSudo(line)?.words.reduceRight((text, { pos }) => `${text.slice(0, pos)}@${text.slice(pos)}`, line);
}

describe("sudo is found", () => {
  test.each([
    "sudo id",
    "echo x | sudo tee f",
    "cd /x && sudo make install || exit 1",
    "for i in 1 2; do sudo rm $i; done",
    "f() { sudo id; }; f",
    "(sudo id) & wait",
    'echo "$(sudo id)"',
    "X=1 sudo id",
    "if sudo true; then :; fi",
    "cat <(sudo cat f)",
    "! sudo id",
    "time sudo id",
    "sudo cat <<E\nx\nE",
    "echo `sudo id`",
  ])("where the shell calls it: %s", (line) => {
    expect(marked(line)).toBe(line);
  });

  test.each([
    ["/usr/bin/sudo id", "@/usr/bin/sudo id"],
    ["\\sudo id", "@\\sudo id"],
    ["'sudo' id", "@'sudo' id"],
    ["env X=1 -u Y sudo id", "env X=1 -u Y @sudo id"],
    ["env -uY sudo id", "env -uY @sudo id"],
    ["command sudo id; exec sudo id", "command @sudo id; exec @sudo id"],
    ["ls | xargs -n 1 -I {} sudo rm {}", "ls | xargs -n 1 -I {} @sudo rm {}"],
    ["timeout 5 sudo id", "timeout 5 @sudo id"],
    ["timeout -s TERM -k 1 5 sudo id", "timeout -s TERM -k 1 5 @sudo id"],
    ["nohup nice -n 5 /usr/bin/sudo id &", "nohup nice -n 5 @/usr/bin/sudo id &"],
    ["/usr/bin/env -- sudo id", "/usr/bin/env -- @sudo id"],
  ])("behind what runs it: %s", (line, expected) => {
    expect(marked(line)).toBe(expected);
  });
});

describe("no sudo is", () => {
  test.each([
    "ls",
    "echo sudo",
    "echo 'sudo id' \"sudo id\"",
    "cat sudo /etc/sudo.conf ./sudo",
    "./sudo id",
    "sudoedit f",
    "grep -r sudo .",
    "xargs -0 grep sudo",
    "env grep sudo",
    "timeout 5 echo sudo",
    "command -v sudo",
    "command -pV sudo",
    "which sudo",
    "bash -c 'sudo id'",
    "ssh other sudo id",
    "# sudo id",
    "cat <<E\nsudo id\nE",
    "sudo=1",
    "sudo() { :; }",
    "'/bin/sudo/x' y",
    "sudo 'id",
    "",
  ])("%s", (line) => {
    expect(findSudo(line)).toBeUndefined();
  });
});

test.each([
  ["sudo cat | sudo cat", false],
  ["while read n; do sudo echo $n; done", true],
  ["f() { sudo cat; }", true],
  ["{ sudo a; sudo b; } <f", true],
])("whether something may share its input: %s", (line, isShared) => {
  expect(findSudo(line)?.isShared).toBe(isShared);
});

test("a line that is nested beyond reason has none", () => {
  expect(findSudo(`${"$(".repeat(20_000)}sudo id${")".repeat(20_000)}`)).toBeUndefined();
});

test.each([
  ["set -ex; sudo id", true],
  ["set -o xtrace; sudo id", true],
  ["set -e; sudo set -x", false],
])("whether calls are shown: %s", (line, isTraced) => {
  expect(findSudo(line)?.isTraced).toBe(isTraced);
});
