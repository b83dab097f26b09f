import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { shellQuote } from "../../src/util/shell-quote.ts";

export const run = promisify(execFile);

/** What every disposable SSH server of the tests offers. Disposing ends its processes and removes its directory. */
export interface SshServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The account's home directory. */
  readonly home: string;
  /** The server's own temporary directory. */
  readonly dir: string;
  /** Path of the private key that may log in; the public one lies beside it as `.pub`. */
  readonly clientKey: string;
  /** Path of a known_hosts file with this server's line(s). */
  readonly knownHosts: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly hostPublicKey: string;
  /** The listener's process id. */
  readonly pid: number;
  /** The settings that point Remote Code at this server. */
  env(workdir?: string): { REMOTE_SSH: string; REMOTE_WORKDIR: string };
  /** Everything that the server logged so far, over restarts too. */
  stderr(): string;
  /** Process ids of the connections' server processes, as they are now. */
  sessionPids(): number[];
  /** Cuts every connection; the listener lives on. */
  dropConnections(): void;
  /** Cuts every connection and starts the listener again on the same port with the same keys. */
  restart(): Promise<void>;
}

/** Finds a server binary also where an ordinary user's PATH does not look; undefined when it is not installed. */
export function findBinary(name: string): string | undefined {
  const dirs = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/libexec"];
  return dirs.map((dir) => join(dir, name)).find((path) => path.startsWith("/") && existsSync(path));
}

/** The user that runs the tests. Bun's `os.userInfo()` says "unknown" where `USER` is not set. */
export function currentUser(): { name: string; home: string } {
  const name = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
  return { name, home: execFileSync("sh", ["-c", `echo ~${name}`], { encoding: "utf8" }).trim() };
}

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The value of REMOTE_SSH for a server with these files. */
export function sshCommand(server: Pick<SshServer, "host" | "port" | "user" | "clientKey" | "knownHosts">): string {
  const options = ["GlobalKnownHostsFile=none", "IdentitiesOnly=yes", `UserKnownHostsFile=${server.knownHosts}`];
  const words = ["ssh", "-F", "none", "-p", String(server.port), "-i", server.clientKey];
  for (const option of options) words.push("-o", option);
  return [...words, `${server.user}@${server.host}`].map(shellQuote).join(" ");
}

/** A system account that exists for one test; only root can make one. `remove` also ends what still runs as it. */
export interface Account {
  name: string;
  remove(): Promise<void>;
}

export async function createAccount(options: { home: string; shell?: string; password?: string }): Promise<Account> {
  if (process.getuid?.() !== 0) throw new Error("A throwaway account needs root.");
  const name = `rc-${randomBytes(4).toString("hex")}`;
  const shell = options.shell ?? "/bin/sh";
  // "*" can never match a password, and unlike "!" it is no locked account, which sshd refuses even with the right key.
  await run("useradd", ["-M", "-d", options.home, "-s", shell, "-p", "*", name]);
  await run("mkdir", ["-p", options.home]);
  await run("chown", ["-R", `${name}:`, options.home]);
  if (options.password !== undefined) {
    execFileSync("chpasswd", ["-c", "SHA512"], { input: `${name}:${options.password}\n` });
  }
  const remove = async () => {
    const listed = await run("ps", ["-u", name, "-o", "pid="]).catch(() => ({ stdout: "" }));
    for (const pid of listed.stdout.split("\n").map(Number)) kill(pid);
    await run("userdel", ["-f", name]).catch(() => undefined);
  };
  return { name, remove };
}

/** Children of `parent`, or the whole tree below it. */
export function childPids(parent: number, options: { deep?: boolean } = {}): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=", "-o", "ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (ppid: number): number[] =>
    rows.flatMap(([pid, of]) => (pid && of === ppid ? [pid, ...(options.deep ? below(pid) : [])] : []));
  return below(parent);
}

export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  if (!Number.isInteger(pid) || pid <= 1) return;
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone.
  }
}

export interface Listener {
  process: ChildProcess;
  pid: number;
}

/** Starts a server and waits until its log says `ready`; rejects with the log when it ends before that. */
export function spawnListener(binary: string, args: string[], ready: string, log: (text: string) => void) {
  return new Promise<Listener>((resolve, reject) => {
    // A clean environment: nothing of the test run's own may leak into the remote commands.
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8" };
    const child = spawn(binary, args, { env, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
    let seen = "";
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${binary} did not start: ${seen}`)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log(text);
      seen += text;
      if (seen.includes(ready) && child.pid) resolve({ process: child, pid: child.pid });
      if (seen.length > 100_000) seen = seen.slice(-1000);
    });
  });
}

/** Ends a listener, its connections and everything that they started. */
export async function stopListener(listener: Listener): Promise<void> {
  const ended = new Promise<void>((resolve) => listener.process.once("exit", () => resolve()));
  const below = childPids(listener.pid, { deep: true });
  if (listener.process.exitCode === null && listener.process.signalCode === null) {
    kill(listener.pid);
    await ended;
  }
  for (const pid of below) kill(pid);
}
