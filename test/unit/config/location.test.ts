import { describe, expect, test } from "vitest";
import { parseLocation } from "../../../src/config/location.ts";
import { parseSshCommand } from "../../../src/config/ssh-command.ts";

describe("parseLocation makes a REMOTE_SSH command line and a directory", () => {
  test.each([
    ["host", { ssh: "ssh host" }],
    ["me@host", { ssh: "ssh me@host" }],
    ["me@corp@host:/srv", { ssh: "ssh me@corp@host", workdir: "/srv" }],
    ["host:", { ssh: "ssh host" }],
    ["host:/srv/a b", { ssh: "ssh host", workdir: "/srv/a b" }],
    ["host:/", { ssh: "ssh host", workdir: "/" }],
    ["host:/a:b@c", { ssh: "ssh host", workdir: "/a:b@c" }],
    ["host:2222", { ssh: "ssh -p 2222 host" }],
    ["me@host:2222:/srv", { ssh: "ssh -p 2222 me@host", workdir: "/srv" }],
    ["[::1]", { ssh: "ssh ::1" }],
    ["me@[::1]:22:/srv", { ssh: "ssh -p 22 me@::1", workdir: "/srv" }],
    ["[fe80::1%eth0]:/x", { ssh: "ssh fe80::1%eth0", workdir: "/x" }],
    ["CORP\\me@host", { ssh: "ssh 'CORP\\me@host'" }],
    ["ssh://me@host:2222/srv/a%20b", { ssh: "ssh -p 2222 me@host", workdir: "/srv/a b" }],
    ["ssh://host/", { ssh: "ssh host" }],
    ["ssh://[::1]:22/x", { ssh: "ssh -p 22 ::1", workdir: "/x" }],
  ])("%s", (text, expected) => {
    const parsed = parseLocation(text);
    expect(parsed).toEqual({ ok: true, value: expected });
    expect(parseSshCommand(expected.ssh).ok).toBe(true);
  });

  test.each([
    ["", "host name is empty"],
    [":/srv", "host name is empty"],
    ["-oProxyCommand=x", 'begins with "-"'],
    ["host:srv", "no absolute directory"],
    ["host:~/srv", "no absolute directory"],
    ["host:22:srv", "no absolute directory"],
    ["host:70000", 'port "70000"'],
    ["host:22x", 'port "22x"'],
    ["a b:/srv", "white space"],
    ["host;x:/srv", "character that no host name has"],
    ["ssh://host:x/y", 'port "x"'],
    ["root:hunter2@host:/srv", "REMOTE_PASSWORD"],
  ])("%j is refused", (text, said) => {
    const parsed = parseLocation(text);
    expect(parsed).toEqual({ ok: false, problems: [expect.stringContaining(said)] });
  });

  test.each(["root:hunter2@host:/srv", "root:hunter2/x@host", "root:x/hunter2@host", "ssh://root:hunter2@host/srv"])(
    "a password in %s is not repeated",
    (text) => {
      expect(parseLocation(text).ok).toBe(false);
      expect(JSON.stringify(parseLocation(text))).not.toContain("hunter2");
    },
  );
});
