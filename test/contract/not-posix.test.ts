import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RemoteError } from "../../src/remote/error.ts";
import { connect } from "../../src/ssh/connect.ts";
import { Pool } from "../../src/ssh/pool.ts";
import { findPlace } from "../../src/workspace/place.ts";
import { startDropbear } from "../support/dropbear.ts";
import { startLoginServer } from "../support/login-server.ts";
import { clientHost, clientTargetOf } from "../support/openssh-place.ts";
import { sshHost } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { type SshdOptions, startSshd } from "../support/sshd.ts";

/** A login shell that is this script; `$2` is the command line of the session. */
async function scriptedShell(text: string) {
  const dir = await mkdtemp(join(tmpdir(), "rc-shell-"));
  await chmod(dir, 0o777);
  const path = join(dir, "shell");
  await writeFile(path, `#!/bin/sh\nheard=${dir}/heard\n${text}\n`, { mode: 0o755 });
  return {
    path,
    /** What the shell was sent. */
    heard: () => readFile(join(dir, "heard"), "utf8").catch(() => ""),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    (value) => expect.unreachable(`it gave ${JSON.stringify(value)}`),
    (error: unknown) => {
      if (error instanceof RemoteError) return error;
      throw error;
    },
  );

/** What a command and the first look of the workspace say, each on a connection of its own. */
async function failures(server: SshServer) {
  await using one = sshHost(server);
  await using other = sshHost(server);
  return await Promise.all([failureOf(one.shell.exec("echo ran")), failureOf(findPlace(other, undefined))]);
}

const notPosix = (server: SshServer, said: string) =>
  `The account ${server.user} on 127.0.0.1 does not run POSIX shell commands${said && ` (it says: "${said}")`}; use an account with a login shell whose start files do not end it.`;

async function expectNotPosix(server: SshServer, said: string): Promise<void> {
  for (const { code, message } of await failures(server)) {
    expect([code, message]).toEqual(["not_posix", notPosix(server, said)]);
  }
}

test.each<[string, SshdOptions, string]>([
  ["nologin", { shell: "/usr/sbin/nologin" }, "This account is currently not available."],
  ["false", { shell: "/bin/false" }, ""],
  ["a forced command", { shell: "/bin/sh", config: ["ForceCommand echo backups only"] }, "backups only"],
  [
    "SFTP alone in its own root",
    { shell: "/bin/sh", config: ["ChrootDirectory /", "ForceCommand internal-sftp"] },
    "This service allows sftp connections only.",
  ],
])("an account with %s is told from one with a shell", async (_name, options, said) => {
  await using sshd = await startSshd(options);
  await expectNotPosix(sshd, said);
});

test("Dropbear: an account whose shell runs nothing is told from one with a shell", async () => {
  await using dropbear = await startDropbear({ args: ["-c", "echo backups only"] });
  await expectNotPosix(dropbear, "backups only");
});

test("a key with a forced command is told from one with a shell", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  const keys = join(sshd.dir, "authorized_keys");
  await writeFile(keys, `command="echo only this" ${await readFile(keys, "utf8")}`);
  await expectNotPosix(sshd, "only this");
});

describe("a shell of another kind", () => {
  test("that says so and ends, as cmd.exe does", async () => {
    await using shell = await scriptedShell(
      `echo "'exec' is not recognized as an internal or external command," >&2; exit 1`,
    );
    await using sshd = await startSshd({ shell: shell.path });
    const [error] = await failures(sshd);
    expect(error.code).toBe("not_posix");
    expect(error.message).toContain("'exec' is not recognized as an internal or external command,");
  });

  test("that quotes the command line, as PowerShell does", async () => {
    const quote = `printf "exec : The term 'exec' is not recognized\\r\\n+ %s\\r\\n+ ~~~~\\r\\n" "$2"`;
    await using shell = await scriptedShell(`${quote}; ${quote} >&2; exit 0`);
    await using sshd = await startSshd({ shell: shell.path });
    const [error] = await failures(sshd);
    expect(error.code).toBe("not_posix");
    expect(error.message).toContain("(it says: \"exec : The term 'exec' is not recognized + exec /bin/sh -c");
  });

  test("that prompts and waits, or whose start file reads, is given up after 15 s and was sent nothing", async () => {
    await using router = await scriptedShell(
      `printf '%s\\r\\nRouter> ' "$2"; while IFS= read -r line; do echo "$line" >> $heard; printf '%% Invalid input: %s\\r\\nRouter> ' "$line"; done`,
    );
    await using silent = await scriptedShell("cat > $heard");
    await using waiting = await serversOf(router.path, silent.path);
    const overClient = waiting.servers.slice(0, 1).map(async (server) => {
      await using host = clientHost(clientTargetOf(server));
      return await failureOf(host.shell.exec("echo ran"));
    });
    const [prompts = [], ...others] = await Promise.all(waiting.servers.map(failures));
    for (const error of [...prompts, ...(await Promise.all(overClient))]) {
      expect(error.code).toBe("not_posix");
      expect(error.message).toMatch(
        /^The account \S+ on 127\.0\.0\.1 ran no POSIX shell within 15 s \(it says: "exec \/bin\/sh .*"\), so nothing was sent; use an account with a login shell whose start files wait for nothing\.$/,
      );
    }
    for (const error of others.flat()) {
      expect(error.code).toBe("not_posix");
      expect(error.message).toMatch(/ran no POSIX shell within 15 s, so nothing was sent/);
    }
    expect([await router.heard(), await silent.heard()]).toEqual(["", ""]);
  });

  test("that closes its session without a word or a status", async () => {
    await using server = await startLoginServer((context) => context.accept(), {
      onSession: (accept) => accept().on("exec", (take) => take().close()),
    });
    const connection = await connect({ ...server.target, password: "x", authentications: ["password"] });
    const another = () => Promise.reject(new Error("not asked for"));
    await using pool = new Pool(connection, { commandShells: 2, fileShells: 1, staggerMs: 0, notices: [], another });
    const error = await failureOf(pool.exec("echo ran"));
    expect(error.code).toBe("not_posix");
  });
});

/** Servers with these shells, and for two accounts whose .bashrc waits for an answer or becomes another shell. */
async function serversOf(...shells: string[]) {
  const servers = await Promise.all([...shells, "/bin/bash", "/bin/bash"].map((shell) => startSshd({ shell })));
  const [reads, becomes] = servers.slice(shells.length);
  await writeFile(join(reads?.home ?? "", ".bashrc"), "read -r answer\n");
  await writeFile(join(becomes?.home ?? "", ".bashrc"), "exec fish\n");
  return {
    servers,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}
