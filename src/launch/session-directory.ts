import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Settings } from "../config/environment.ts";

const run = promisify(execFile);

/**
 * The directory in which OpenCode runs for one target: the same for the same user, host, port and remote directory from
 * wherever it is started, so that OpenCode finds its sessions again. Nothing of the remote is in it.
 */
export function sessionDirectory(home: string, { ssh, workdir }: Pick<Settings, "ssh" | "workdir">): string {
  const port = ssh.port && ssh.port !== 22 ? `#${ssh.port}` : "";
  const where = `${ssh.user ? `${ssh.user}@` : ""}${ssh.host}${port}`;
  // No directory is written `~`: that is the account's home, wherever it is.
  return join(home, ".opencode", "remote-sessions", `${slug(where)}_${workdir === undefined ? "~" : slug(workdir)}`);
}

/** A text that its plain form says without loss on any file system: no case, and no `_` or `-` that could stand for more. */
const lossless = /^(?:[a-z0-9@.-]{1,60}|\/[a-z0-9@.]{1,60})$/;

/** Readable, and different for different texts: what cannot be said in plain characters is told apart by a hash. */
function slug(text: string): string {
  const dashed = text.replace(/^\/+/, "").replaceAll("/", "-");
  const plain = dashed.replace(/[^A-Za-z0-9@._-]/g, "_").slice(0, 60) || "root";
  return lossless.test(text) ? plain : `${plain}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

/**
 * Makes the directory and a git repository in it, with an id of its own: OpenCode takes a repository for a project, but all
 * that have neither a commit nor an id for one and the same. Without git on this machine the directory still works.
 */
export async function makeSessionDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Without our own environment, which may hold passwords.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  await run("git", ["init", "--quiet", directory], { env }).catch(() => {});
  const id = createHash("sha256").update(directory).digest("hex").slice(0, 40);
  // Exclusive: an id that OpenCode or an earlier start has written stays. Without git there is no such directory.
  await writeFile(join(directory, ".git", "opencode"), id, { flag: "wx" }).catch(() => {});
}
