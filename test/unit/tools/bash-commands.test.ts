import { describe, expect, it } from "vitest";
import { bashPermissions } from "../../../src/tools/bash-commands.ts";

describe("patterns", () => {
  it.each([
    ["a simple command", "git status --short", ["git status --short"]],
    ["pipes and lists", "ls | head -5 && a || b; c & d", ["ls", "head -5", "a", "b", "c", "d"]],
    ["a substitution", 'echo "$(rm x)" `ls`', ['echo "$(rm x)" `ls`', "rm x", "ls"]],
    ["backticks inside backticks", "echo `a \\`b c\\``", ["echo `a \\`b c\\``", "a `b c`", "b c"]],
    ["a process substitution", "diff <(ls a) <(ls b)", ["diff <(ls a) <(ls b)", "ls a", "ls b"]],
    ["subshells, groups and functions", "(a); { b; }; f() { c; }; f", ["a", "b", "c", "f"]],
    ["control flow", "for i in $(a); do b $i; done; if c; then d; fi", ["a", "b $i", "c", "d"]],
    ["a substitution in an assignment", "x=$(a) y=1", ["a"]],
    ["an assignment before a command", "X=1 make all", ["X=1 make all"]],
    ["redirections", "echo hi 2>&1 > /etc/x", ["echo hi 2>&1 > /etc/x"]],
    ["what a here-document feeds", "bash <<E\nrm -rf x\nE\nls", ["bash <<E\nrm -rf x\nE", "ls"]],
    ["a bare redirection", "> /etc/x", ["> /etc/x"]],
    ["the same command once", "ls; ls", ["ls"]],
  ])("name %s", (_name, command, expected) => {
    expect(bashPermissions(command).patterns).toEqual(expected);
  });

  it.each(["cd /tmp", "pushd x; popd", "export A=1", "[ -f x ]", "X=1", "# nothing", ""])(
    "are empty for %j, which asks for nothing",
    (command) => {
      expect(bashPermissions(command)).toMatchObject({ patterns: [], always: [] });
    },
  );

  it("leave cd out but not what follows it", () => {
    expect(bashPermissions("cd /tmp && make").patterns).toEqual(["make"]);
    expect(bashPermissions("cd $(evil)").patterns).toEqual(["evil"]);
  });

  it("do not let a quoted spelling escape the question", () => {
    expect(bashPermissions('\\cd /x; "export" A=1').patterns).toEqual(["\\cd /x", '"export" A=1']);
  });
});

describe("always", () => {
  it.each([
    ["npm run build -- --watch", ["npm run build *"]],
    ["git status | grep -c x", ["git status *", "grep *"]],
    ["X=1 git commit -m y", ["git commit *"]],
    ["git $x log", ["git log *"]],
    ["ls\\\n -l", ["ls *"]],
  ])("of %j is %j", (command, expected) => {
    expect(bashPermissions(command).always).toEqual(expected);
  });
});

describe("paths", () => {
  it.each([
    ["cd '/tmp/a b'", ["/tmp/a b"]],
    ['rm -rf /etc/"pass"wd ../x ~/y', ["/etc/passwd", "../x", "~/y"]],
    ["cat /var/log/*.log *.txt", ["/var/log/"]],
    ["chmod +x a; chown root b", ["a", "root", "b"]],
    ['rm "$X/a" /b/$y $(c) "$z"', []],
    ["echo $(cat /etc/shadow)", ["/etc/shadow"]],
    ["ls /etc; grep x /etc/passwd", []],
    ["cp a /srv && (mv b /opt | touch /c)", ["a", "/srv", "b", "/opt", "/c"]],
  ])("of %j are %j", (command, expected) => {
    expect(bashPermissions(command).paths).toEqual(expected);
  });
});

it("tells directories that are entered from other paths", () => {
  const { entered } = bashPermissions("cd /a && pushd 'b c'; cat /d; chdir ~");
  expect(entered).toEqual(["/a", "b c", "~"]);
});

describe("a line that is no bash", () => {
  it.each(["echo 'open", "if true", "echo $(ls", "a &&&& b"])("is asked for as a whole: %j", (command) => {
    expect(bashPermissions(command)).toMatchObject({ patterns: [command], always: [command] });
  });

  it("still names the paths that were recognised", () => {
    expect(bashPermissions("rm /etc/x; if").paths).toEqual(["/etc/x"]);
  });

  it.each(["$(", "(", "${x:-", "{ "])("may nest %j without end", (opening) => {
    const command = opening.repeat(20_000).trim();
    expect(bashPermissions(command).patterns).toEqual([command]);
  });
});
