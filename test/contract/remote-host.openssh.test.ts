import { afterAll, beforeAll } from "vitest";
import { startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { remoteHostContract } from "./suite.ts";

let server: SshServer | undefined;
beforeAll(async () => {
  // An account of its own: neither root's powers nor a noisy .bashrc are what most users have.
  server = await startSshd({ shell: "/bin/sh" });
});
afterAll(() => server?.[Symbol.asyncDispose]());

remoteHostContract("ssh2 to OpenSSH", {
  async start() {
    if (!server) throw new Error("sshd did not start.");
    return await startSshPlace(server);
  },
});
