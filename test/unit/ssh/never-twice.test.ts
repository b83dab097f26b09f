import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { ShellHost } from "../../../src/posix/host.ts";
import { RemoteError } from "../../../src/remote/error.ts";
import { nobody } from "../../../src/remote/prompter.ts";
import { sshLogin } from "../../../src/ssh/login.ts";
import { startCuttingLine } from "../../support/cutting-line.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

/** Bytes after which the line breaks: within the command, its answer, and the shells that are parked beside it. */
const cuts = Array.from({ length: 26 }, (_, index) => 1 + 61 * index);

test.each(["up", "down"] as const)(
  "wherever the line (%s) is cut, no command runs twice and each answer is true",
  async (way) => {
    await using sshd = await startSshd({ shell: "/bin/sh" });
    await using line = await startCuttingLine(sshd.port);
    const target = targetOf(sshd, { port: line.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` });
    const pool = { commandShells: 1, fileShells: 1, staggerMs: 0 };
    await using host = new ShellHost({
      identity: { user: target.user, host: target.host, port: target.port },
      open: sshLogin({ ...pool, prompter: nobody, resolve: async () => target }),
    });
    const trace = `${sshd.home}/trace`;
    const endings = new Map<string, string>();
    const call = async (name: string, lane: "command" | "file") => {
      const ended = await host.shell.exec(`echo ${name} >>${trace}`, { lane }).then(
        (result) => result.ended,
        (error: unknown) => (error instanceof RemoteError ? `not run: ${error.code}` : `${error}`),
      );
      endings.set(name, ended);
    };
    for (const bytes of cuts) {
      await host.shell.exec("true");
      line.cutAfter(way, bytes);
      await Promise.all([call(`a${bytes}`, "command"), call(`b${bytes}`, "command"), call(`c${bytes}`, "file")]);
    }
    const ran = (await readFile(trace, "utf8")).split("\n");
    for (const [name, ended] of endings) {
      const times = ran.filter((other) => other === name).length;
      const possible: Record<string, number[]> = { exited: [1], unknown: [0, 1], "not run: connection_lost": [0] };
      expect(possible[ended] ?? `${name} ended as ${ended}`).toContain(times);
    }
    expect([...endings.values()]).toContain("unknown");
  },
);
