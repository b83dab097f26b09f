import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv, promisify } from "node:util";
import { shellQuote } from "../../src/util/shell-quote.ts";
import { startSshd } from "./sshd.ts";

const run = promisify(execFile);
const settingsFile = fileURLToPath(new URL("../../.env.test", import.meta.url));

/** Whether the end-to-end suite is to use the machine of a `.env.test`, with what its user has in `~/.ssh` and the agent. */
export const isLive = (): boolean => existsSync(settingsFile);

/** A machine for the end-to-end suite, with an empty directory to work in. Disposing removes the directory. */
export interface Remote extends AsyncDisposable {
  /** Absolute, symlinks resolved. */
  readonly root: string;
  /** `user@host`, with the port unless it is 22, as the TUI shows it. */
  readonly machine: string;
  /** The settings that point Remote Code at `root`. */
  env(workdir?: string): Record<string, string>;
  /** Runs a POSIX script there by the system's own ssh, in `root`; rejects when it fails. Returns its standard output. */
  sh(script: string): Promise<string>;
}

/** A local sshd; with a `.env.test`, the machine that it names. */
export async function startRemote(): Promise<Remote> {
  return isLive() ? await live() : await local();
}

async function local(): Promise<Remote> {
  const sshd = await startSshd();
  const root = await realpath(await mkdtemp(join(tmpdir(), "rc-remote-")));
  const settings = sshd.env(root);
  return {
    root,
    machine: `${sshd.user}@${sshd.host}:${sshd.port}`,
    env: (workdir = root) => ({ ...settings, REMOTE_WORKDIR: workdir }),
    sh: (script) => overSsh(settings.REMOTE_SSH, root, script),
    async [Symbol.asyncDispose]() {
      await sshd[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function live(): Promise<Remote> {
  const { REMOTE_SSH = "", REMOTE_WORKDIR = "/tmp", ...rest } = parseEnv(readFileSync(settingsFile, "utf8"));
  console.log(`The end-to-end suite uses the machine of .env.test: ${REMOTE_SSH}`);
  const made = await overSsh(REMOTE_SSH, REMOTE_WORKDIR, 'd=$(mktemp -d ./rc-remote-XXXXXX) && cd "$d" && pwd -P');
  const root = made.trim();
  const who = (await overSsh(REMOTE_SSH, root, "id -un")).trim();
  const effective = await run("sh", ["-c", `exec ${withOptions(REMOTE_SSH, "-G")}`]);
  const setting = (name: string) => new RegExp(`^${name} (.*)$`, "m").exec(effective.stdout)?.[1] ?? "";
  const host = REMOTE_SSH.trim().split(/\s+/).at(-1)?.replace(/^.*@/, "") ?? "";
  const port = setting("port");
  return {
    root,
    machine: `${who}@${host}${port === "22" ? "" : `:${port}`}`,
    env: (workdir = root) => ({ ...rest, REMOTE_SSH, REMOTE_WORKDIR: workdir }) as Record<string, string>,
    sh: (script) => overSsh(REMOTE_SSH, root, script),
    async [Symbol.asyncDispose]() {
      await overSsh(REMOTE_SSH, "/", `rm -rf ${shellQuote(root)}`);
    },
  };
}

const withOptions = (ssh: string, options: string) => ssh.trim().replace(/^ssh\b/, `ssh ${options}`);

/** `ssh` is a command line as in REMOTE_SSH; it fails where it would ask for something. The script goes by standard input, so no shell quoting can bend it. */
async function overSsh(ssh: string, cwd: string, script: string): Promise<string> {
  const job = run("sh", ["-c", `exec ${withOptions(ssh, "-o BatchMode=yes")} sh`], { maxBuffer: 64 << 20 });
  job.child.stdin?.end(`cd ${shellQuote(cwd)} || exit 99\n${script}\n`);
  return (await job).stdout;
}
