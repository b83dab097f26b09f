import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { clientLogin } from "../../src/openssh/login.ts";
import type { ClientTarget } from "../../src/openssh/target.ts";
import { ShellHost } from "../../src/posix/host.ts";
import { remotePath } from "../../src/remote/path.ts";
import { nobody, type Prompter } from "../../src/remote/prompter.ts";
import type { SshPlace } from "./ssh-place.ts";
import { findBinary, run, type SshServer } from "./ssh-server.ts";

/** Words for the system's ssh that hide this machine's own configuration, keys and agent. */
export function clientWords(
  server: Pick<SshServer, "host" | "port" | "user" | "knownHosts">,
  options: readonly string[] = [],
): string[] {
  const own = [
    "GlobalKnownHostsFile=none",
    `UserKnownHostsFile=${server.knownHosts}`,
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
  ];
  return [
    ...["-F", "none", "-p", String(server.port), "-l", server.user],
    ...[...options, ...own].flatMap((option) => ["-o", option]),
    ...["--", server.host],
  ];
}

/** The target that a server's own `env()` describes; `options` are further `-o` settings. */
export function clientTargetOf(
  server: Pick<SshServer, "host" | "port" | "user" | "knownHosts" | "clientKey">,
  { options = [], ...overrides }: Partial<ClientTarget> & { options?: readonly string[] } = {},
): ClientTarget {
  return {
    host: server.host,
    hostName: server.host,
    port: server.port,
    user: server.user,
    client: findBinary("ssh"),
    clientArguments: clientWords(server, [...options, `IdentityFile=${server.clientKey}`]),
    jumps: [],
    identityFiles: [server.clientKey],
    forwardAgent: false,
    passwordPrompts: 3,
    connectTimeoutMs: 15_000,
    serverAliveIntervalMs: 10_000,
    serverAliveCountMax: 3,
    environment: {},
    warnings: [],
    ...overrides,
  };
}

export function clientHost(target: ClientTarget, prompter: Prompter = nobody): ShellHost {
  const resolve = async () => target;
  return new ShellHost({
    identity: target,
    open: clientLogin({ commandShells: 3, fileShells: 2, staggerMs: 0, prompter, resolve }),
  });
}

/** A host over the system's ssh, and a directory of its account that is removed with it. */
export async function startClientPlace(server: SshServer, target = clientTargetOf(server)): Promise<SshPlace> {
  const dir = await mkdtemp(join(server.dir, "place-"));
  const { uid, gid } = await stat(server.home);
  await run("chown", [`${uid}:${gid}`, dir]);
  const host = clientHost(target);
  const dispose = async () => {
    await host[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  };
  return { host, root: remotePath(dir), [Symbol.asyncDispose]: dispose };
}
