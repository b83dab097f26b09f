import { mkdtemp, rm, stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveTarget } from "../../src/config/target.ts";
import { ShellHost } from "../../src/posix/host.ts";
import { type RemotePath, remotePath } from "../../src/remote/path.ts";
import { nobody, type Prompter } from "../../src/remote/prompter.ts";
import { sshLogin } from "../../src/ssh/login.ts";
import { run, type SshServer } from "./ssh-server.ts";

/** A host that has not connected and a directory of its account that is removed with it. */
export interface SshPlace extends AsyncDisposable {
  host: ShellHost;
  root: RemotePath;
}

/** A host for a server of the tests, with the settings that its `env()` tells. */
export function sshHost(server: SshServer, prompter: Prompter = nobody): ShellHost {
  const environment = readEnvironment(server.env());
  if (environment.kind !== "ready") throw new Error(`The server's settings are ${environment.kind}.`);
  const { ssh, password } = environment.settings;
  const { username } = userInfo();
  const target = resolveTarget({ ssh, password }, { env: process.env, home: homedir(), username });
  return new ShellHost({
    identity: { user: server.user, host: server.host, port: server.port },
    open: sshLogin({ commandShells: 3, fileShells: 2, staggerMs: 0, prompter, resolve: () => target }),
  });
}

/** The server runs on this machine, so its account's directory is made without it. */
export async function startSshPlace(server: SshServer): Promise<SshPlace> {
  const dir = await mkdtemp(join(server.dir, "place-"));
  const { uid, gid } = await stat(server.home);
  await run("chown", [`${uid}:${gid}`, dir]);
  const host = sshHost(server);
  const dispose = async () => {
    await host[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  };
  return { host, root: remotePath(dir), [Symbol.asyncDispose]: dispose };
}
