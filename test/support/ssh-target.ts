import type { SshTarget } from "../../src/ssh/target.ts";
import type { SshServer } from "./ssh-server.ts";

/** The target that a server's own `env()` describes: its key, its known_hosts, no agent. */
export function targetOf(server: SshServer, overrides: Partial<SshTarget> = {}): SshTarget {
  return {
    host: server.host,
    hostName: server.host,
    port: server.port,
    user: server.user,
    identityFiles: [server.clientKey],
    identitiesOnly: true,
    knownHostsFiles: [server.knownHosts],
    strictHostKeyChecking: "yes",
    connectTimeoutMs: 15_000,
    serverAliveIntervalMs: 10_000,
    serverAliveCountMax: 3,
    jumps: [],
    ...overrides,
  };
}
