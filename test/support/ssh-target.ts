import type { SshTarget } from "../../src/ssh/target.ts";
import type { SshServer } from "./ssh-server.ts";

/** A target with OpenSSH's defaults that leads nowhere: no keys, no known hosts, no agent. */
export const nowhere: SshTarget = {
  host: "nobody",
  hostName: "127.0.0.1",
  port: 1,
  user: "nobody",
  identityFiles: [],
  identitiesOnly: false,
  forwardAgent: false,
  authentications: ["publickey", "keyboard-interactive", "password"],
  passwordPrompts: 3,
  knownHostsFiles: [],
  strictHostKeyChecking: "yes",
  hashKnownHosts: false,
  connectTimeoutMs: 15_000,
  connectionAttempts: 1,
  serverAliveIntervalMs: 10_000,
  serverAliveCountMax: 3,
  compression: false,
  environment: {},
  jumps: [],
};

/** The target that a server's own `env()` describes: its key, its known_hosts, no agent. */
export function targetOf(server: SshServer, overrides: Partial<SshTarget> = {}): SshTarget {
  return {
    ...nowhere,
    host: server.host,
    hostName: server.host,
    port: server.port,
    user: server.user,
    identityFiles: [server.clientKey],
    identitiesOnly: true,
    knownHostsFiles: [server.knownHosts],
    ...overrides,
  };
}
