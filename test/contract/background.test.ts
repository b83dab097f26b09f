import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDropbear } from "../support/dropbear.ts";
import { startClientPlace } from "../support/openssh-place.ts";
import { type SshPlace, startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { type Bench, remoteBench } from "../support/tool-call.ts";

/** `tells`: the server leaves the channel open for the child. Dropbear closes it when the shell has ended. */
const ways = [
  ["ssh2 to OpenSSH", () => startSshd({ shell: "/bin/sh" }), startSshPlace, true],
  ["ssh2 to Dropbear", startDropbear, startSshPlace, false],
  ["the system's ssh", () => startSshd({ shell: "/bin/sh" }), startClientPlace, true],
] satisfies [string, () => Promise<SshServer>, (server: SshServer) => Promise<SshPlace>, boolean][];

describe.each(ways)("%s", (_name, startServer, startPlace, tells) => {
  let server: SshServer;
  let place: SshPlace;
  let bench: Bench;
  beforeAll(async () => {
    server = await startServer();
    place = await startPlace(server);
    bench = await remoteBench(place.host, place.root);
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  const bash = async (command: string) => (await bench.call("bash", { command })).output;
  const still =
    /\n\n<shell_metadata>\nThe command has ended, but a process that it started still runs in the background on /;

  test("a child that keeps the output does not hold the answer, lives on, and is told of where that can be seen", async () => {
    const said = await bash("sleep 300 & echo $!");
    expect(said).toMatch(/^\d+\n/);
    expect(still.test(said)).toBe(tells);
    const child = Number.parseInt(said, 10);
    expect(await bash(`ps -o comm= -p ${child}; kill ${child}`)).toBe("sleep\n");
  });

  test("a child that has let go of the output lives on, and nothing is said", async () => {
    const said = await bash("nohup sleep 300 >/dev/null 2>&1 & echo $!");
    expect(said).toMatch(/^\d+\n$/);
    expect(await bash(`ps -o comm= -p ${said.trim()}; kill ${said.trim()}`)).toBe("sleep\n");
  });

  // Where nothing is ever told there is nothing to show.
  if (!tells) return;
  test("a command that has ended with all its children says nothing of them", async () => {
    for (let round = 0; round < 20; round++) expect(await bash("(sleep 0.01 &); sleep 0.02; echo done")).toBe("done\n");
  });
});
