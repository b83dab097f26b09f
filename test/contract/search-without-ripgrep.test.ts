import { chmod, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { searchClauses } from "./clauses/search.ts";
import { asText } from "./fixture.ts";

describe("search on a host without ripgrep", () => {
  let server: SshServer | undefined;
  let tools = "";
  const start = async () => {
    if (!server) throw new Error("sshd did not start.");
    return await startSshPlace(server);
  };

  beforeAll(async () => {
    tools = await mkdtemp(join(tmpdir(), "rc-tools-"));
    await chmod(tools, 0o755);
    for (const dir of ["/usr/bin", "/bin"]) {
      for (const name of await readdir(dir)) {
        if (name !== "rg") await symlink(join(dir, name), join(tools, name)).catch(() => {});
      }
    }
    server = await startSshd({ shell: "/bin/sh", config: [`SetEnv PATH=${tools}`] });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(tools, { recursive: true, force: true });
  });

  test("the host has none, so that find and grep are what is tested", async () => {
    await using place = await start();
    expect(asText(await place.host.shell.exec("command -v rg || command -v grep")).stdout).toBe(`${tools}/grep\n`);
  });

  searchClauses({ start });
});
