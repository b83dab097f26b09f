import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  childPids,
  createAccount,
  findBinary,
  freePort,
  kill,
  type Listener,
  run,
  type SshServer,
  spawnListener,
  sshCommand,
  stopListener,
} from "./ssh-server.ts";
import { keygen } from "./sshd.ts";

export interface DropbearOptions {
  /** More command line words for dropbear. */
  args?: string[];
  /** The account's password; without it only the key logs in. */
  password?: string;
  /** Absolute path of the login shell; dropbear wants it listed in /etc/shells. Default `/bin/sh`. */
  shell?: string;
}

/** A real Dropbear server on 127.0.0.1 with a throwaway account. */
export async function startDropbear(options: DropbearOptions = {}): Promise<SshServer> {
  const binary = findBinary("dropbear");
  if (!binary) throw new Error("Dropbear is not installed.");
  const dir = await mkdtemp(join(tmpdir(), "rc-dropbear-"));
  await chmod(dir, 0o711);
  const home = join(dir, "home");
  let account: Account | undefined;
  let listener: Listener | undefined;
  let log = "";
  const dispose = async () => {
    if (listener) await stopListener(listener);
    listener = undefined;
    await account?.remove();
    account = undefined;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const clientKey = join(dir, "client_ed25519");
    await keygen(clientKey);
    await mkdir(join(home, ".ssh"), { recursive: true, mode: 0o700 });
    await run("cp", [`${clientKey}.pub`, join(home, ".ssh", "authorized_keys")]);
    await chmod(join(home, ".ssh", "authorized_keys"), 0o600);
    account = await createAccount({ ...options, home });

    const hostKey = join(dir, "host_ed25519");
    await run("dropbearkey", ["-t", "ed25519", "-f", hostKey]);
    const { stdout } = await run("dropbearkey", ["-y", "-f", hostKey]);
    const hostPublicKey = /^ssh-ed25519 \S+/m.exec(stdout)?.[0] ?? "";

    const start = (port: number) => {
      const where = ["-p", `127.0.0.1:${port}`, "-r", hostKey, "-P", join(dir, "dropbear.pid")];
      return spawnListener(
        binary,
        ["-F", "-E", "-m", ...where, ...(options.args ?? [])],
        "Not backgrounding",
        (text) => {
          log += text;
        },
      );
    };
    const port = await freePort();
    listener = await start(port);
    const host = "127.0.0.1";
    const knownHosts = join(dir, "known_hosts");
    await writeFile(knownHosts, `[${host}]:${port} ${hostPublicKey}\n`, { mode: 0o600 });
    const sessionPids = () => (listener ? childPids(listener.pid) : []);
    const server = { host, port, user: account.name, home, dir, clientKey, knownHosts, hostPublicKey };
    return {
      ...server,
      get pid() {
        return listener?.pid ?? 0;
      },
      env: (workdir = home) => ({ REMOTE_SSH: sshCommand(server), REMOTE_WORKDIR: workdir }),
      stderr: () => log,
      sessionPids,
      dropConnections() {
        for (const pid of sessionPids()) kill(pid);
      },
      async restart() {
        if (listener) await stopListener(listener);
        listener = await start(port);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
