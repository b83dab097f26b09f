import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  childPids,
  createAccount,
  currentUser,
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

export type HostKeyType = "ed25519" | "ecdsa" | "rsa";

export interface SshdOptions {
  /** Lines for sshd_config; each replaces our own line of the same keyword. Match blocks go last. */
  config?: string[];
  /** Log in to a throwaway account with this password, by password or key. Needs root. */
  password?: string;
  /** Log in to a throwaway account with this login shell (absolute path). Needs root. */
  shell?: string;
  /** Default: ed25519 alone. */
  hostKeys?: HostKeyType[];
}

export type Sshd = SshServer;

/** A real OpenSSH server on 127.0.0.1, for the user that runs the tests unless a password or shell is asked for. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const binary = findBinary("sshd");
  if (!binary) throw new Error("OpenSSH's sshd is not installed.");
  const dir = await mkdtemp(join(tmpdir(), "rc-sshd-"));
  // The account must be able to reach its home and authorized_keys below it.
  await chmod(dir, 0o711);
  // OpenSSH refuses to start as root without its privilege separation directory.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });

  const throwaway = options.password !== undefined || options.shell !== undefined;
  const home = join(dir, "home");
  let account: Account | undefined;
  let log = "";
  let listener: Listener | undefined;
  const dispose = async () => {
    if (listener) await stopListener(listener);
    listener = undefined;
    await account?.remove();
    account = undefined;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    if (throwaway) account = await createAccount({ ...options, home });
    else await mkdir(home, { mode: 0o700 });
    const user = account?.name ?? currentUser().name;
    const clientKey = join(dir, "client_ed25519");
    await keygen(clientKey, "ed25519");
    await copyFile(`${clientKey}.pub`, join(dir, "authorized_keys"));
    await chmod(join(dir, "authorized_keys"), 0o644);
    const hostKeys = await Promise.all(
      (options.hostKeys ?? ["ed25519"]).map(async (type) => {
        const path = join(dir, `host_${type}`);
        await keygen(path, type);
        return { path, publicKey: (await readFile(`${path}.pub`, "utf8")).split(" ").slice(0, 2).join(" ") };
      }),
    );
    const configFile = join(dir, "sshd_config");
    const start = async (port: number) => {
      const lines = configLines(dir, port, binary, options);
      await writeFile(configFile, [...hostKeys.map((key) => `HostKey ${key.path}`), ...lines, ""].join("\n"));
      const ready = `Server listening on 127.0.0.1 port ${port}`;
      return spawnListener(binary, ["-D", "-e", "-f", configFile], ready, (text) => {
        log += text;
      });
    };
    let port = await freePort();
    // Another process may take the port between the probe and the bind.
    for (let attempt = 0; !listener; attempt++) {
      try {
        listener = await start(port);
      } catch (error) {
        if (attempt === 4) throw error;
        port = await freePort();
      }
    }
    const host = "127.0.0.1";
    const knownHosts = join(dir, "known_hosts");
    await writeFile(knownHosts, hostKeys.map((key) => `[${host}]:${port} ${key.publicKey}\n`).join(""), {
      mode: 0o600,
    });
    const sessionPids = () => (listener ? childPids(listener.pid) : []);
    const dropConnections = () => {
      for (const pid of sessionPids()) kill(pid);
    };
    const sshd = { host, port, user, home, dir, clientKey, knownHosts, hostPublicKey: hostKeys[0]?.publicKey ?? "" };
    return {
      ...sshd,
      get pid() {
        return listener?.pid ?? 0;
      },
      env: (workdir = home) => ({ REMOTE_SSH: sshCommand(sshd), REMOTE_WORKDIR: workdir }),
      stderr: () => log,
      sessionPids,
      dropConnections,
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

/** Makes a key pair without a passphrase unless one is given. */
export async function keygen(path: string, type: HostKeyType = "ed25519", passphrase = ""): Promise<void> {
  const bits = type === "rsa" ? ["-b", "2048"] : [];
  await run("ssh-keygen", ["-q", "-t", type, ...bits, "-N", passphrase, "-C", "test", "-f", path]);
}

/** `SHA256:…` of a public key file, as ssh-keygen prints it. */
export const fingerprint = (publicKeyFile: string): string =>
  execFileSync("ssh-keygen", ["-lf", publicKeyFile], { encoding: "utf8" }).split(" ")[1] ?? "";

function configLines(dir: string, port: number, binary: string, options: SshdOptions): string[] {
  const extra = options.config ?? [];
  const firstMatch = extra.findIndex((line) => /^\s*match\s/i.test(line));
  const top = firstMatch < 0 ? extra : extra.slice(0, firstMatch);
  const blocks = firstMatch < 0 ? [] : extra.slice(firstMatch);
  const given = new Set(top.map(keyword));
  const own = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `PidFile ${join(dir, "sshd.pid")}`,
    `AuthorizedKeysFile ${join(dir, "authorized_keys")}`,
    "UsePAM no",
    "StrictModes no",
    "PermitRootLogin yes",
    `PasswordAuthentication ${options.password === undefined ? "no" : "yes"}`,
    "KbdInteractiveAuthentication no",
    "UseDNS no",
    "PrintMotd no",
    "LogLevel VERBOSE",
    // The default of ten unauthenticated connections drops some of a test's parallel ones at random.
    "MaxStartups 100",
    "Subsystem sftp internal-sftp",
    // The tester's own start files would run in each session, and killed half-way some of them leave a lock behind.
    `SetEnv HOME=${join(dir, "home")}`,
    // From 9.8 on, failed logins would lock 127.0.0.1 out for the tests that follow; older ones do not know the word.
    ...(hasPenalties(binary) ? ["PerSourcePenalties no"] : []),
  ].filter((line) => !given.has(keyword(line)));
  return [...top, ...own, ...blocks];
}

const keyword = (line: string): string =>
  line
    .trim()
    .split(/[\s=]+/)[0]
    ?.toLowerCase() ?? "";

function hasPenalties(binary: string): boolean {
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(spawnSync(binary, ["-V"], { encoding: "utf8" }).stderr) ?? [];
  return Number(major) * 100 + Number(minor) >= 908;
}
