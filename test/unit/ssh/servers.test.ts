import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startDropbear } from "../../support/dropbear.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { startSshd } from "../../support/sshd.ts";

const sh = promisify(execFile);
const ssh = (server: SshServer, command: string) =>
  sh("sh", ["-c", `${server.env().REMOTE_SSH} -o BatchMode=yes "$0"`, command]).then((result) => result.stdout);

describe("the disposable servers", () => {
  test("the system's ssh logs in to sshd with the string of env(), before and after a restart", async () => {
    let dir = "";
    let pid = 0;
    {
      await using sshd = await startSshd();
      ({ dir, pid } = sshd);
      expect(await ssh(sshd, "echo hello; env")).toMatch(/^hello\n(?![\s\S]*VITEST)/);
      expect(sshd.stderr()).toContain("Accepted publickey");
      await sshd.restart();
      expect(sshd.pid).not.toBe(pid);
      expect(await ssh(sshd, "echo again")).toBe("again\n");
      pid = sshd.pid;
    }
    expect(existsSync(dir)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  test("a password or shell makes an account that is gone after disposal", async () => {
    let user = "";
    {
      await using sshd = await startSshd({ password: "correct horse", shell: "/bin/bash" });
      ({ user } = sshd);
      expect(await ssh(sshd, "id -un; echo $0; pwd")).toBe(`${user}\nbash\n${sshd.home}\n`);
    }
    expect(readFileSync("/etc/passwd", "utf8")).not.toContain(`${user}:`);
  });

  test("the system's ssh logs in to dropbear", async () => {
    await using dropbear = await startDropbear();
    expect(await ssh(dropbear, "id -un; pwd")).toBe(`${dropbear.user}\n${dropbear.home}\n`);
  });
});
