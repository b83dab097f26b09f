import { afterAll, beforeAll } from "vitest";
import { startDropbear } from "../support/dropbear.ts";
import { startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { remoteHostContract } from "./suite.ts";

let server: SshServer | undefined;
beforeAll(async () => {
  server = await startDropbear();
});
afterAll(() => server?.[Symbol.asyncDispose]());

remoteHostContract("ssh2 to Dropbear", {
  async start() {
    if (!server) throw new Error("Dropbear did not start.");
    return await startSshPlace(server);
  },
});
