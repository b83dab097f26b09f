import { afterAll, beforeAll } from "vitest";
import { startClientPlace } from "../support/openssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { remoteHostContract } from "./suite.ts";

let server: SshServer | undefined;
beforeAll(async () => {
  server = await startSshd({ shell: "/bin/sh" });
});
afterAll(() => server?.[Symbol.asyncDispose]());

remoteHostContract("the system's ssh to OpenSSH", {
  async start() {
    if (!server) throw new Error("sshd did not start.");
    return await startClientPlace(server);
  },
});
