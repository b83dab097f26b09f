import { afterAll, beforeAll, describe } from "vitest";
import { canStartDropbear, startDropbear } from "../support/dropbear.ts";
import { startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { remoteHostContract } from "./suite.ts";

if (!canStartDropbear()) console.warn("CONTRACT: Dropbear is not installed or we are not root; its suite is skipped.");

describe.runIf(canStartDropbear())("Dropbear", () => {
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
});
