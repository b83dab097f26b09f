import { type FileHandle, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { RemoteError } from "../remote/error.ts";
import { type KnownHostLine, parseKnownHosts, typeOfKey, verdict, written } from "./known-hosts.ts";

/** A lock that is older was left behind by a process that died: appending one line takes milliseconds. */
const staleLockMs = 10_000;
const lockPollMs = 20;

/** Lines of all the files, the first file's first. A missing file is empty; one that cannot be read throws `config`. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHostLine[]> {
  const texts = await Promise.all(files.map(readText));
  return texts.flatMap(parseKnownHosts);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    const message = `Cannot read the known host keys in ${file} (${code ?? "unknown error"}), so no host key can be checked; make the file readable.`;
    throw new RemoteError("config", message, {}, { cause });
  }
}

/**
 * Adds one line; every other byte stays as it is. Safe against other processes that do the same: under an exclusive lock
 * the file is read again, and what it says by then is the answer; only `unknown` is written and becomes `ok`.
 * Rejects with the file system's error when the file cannot be written.
 */
export async function appendKnownHost(
  file: string,
  host: { name: string; port: number; key: Buffer },
): Promise<"ok" | "changed" | "revoked"> {
  const { name, port, key } = host;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  return await locked(file, async () => {
    const handle = await open(file, "a+", 0o600);
    try {
      const text = await handle.readFile("utf8");
      const now = verdict(parseKnownHosts(text), name, port, key);
      if (now !== "unknown") return now;
      const line = `${written(name, port)} ${typeOfKey(key)} ${key.toString("base64")}\n`;
      // One write in append mode: no reader ever sees half a line.
      await handle.appendFile(text === "" || text.endsWith("\n") ? line : `\n${line}`);
      return "ok";
    } finally {
      await handle.close();
    }
  });
}

/** Runs `work` while `<file>.lock` exists and is ours; anything but a regular file (`/dev/null`) needs no lock. */
async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const found = await stat(file).catch(() => undefined);
  if (found && !found.isFile()) return await work();
  const lock = `${file}.lock`;
  const handle = await acquire(lock);
  try {
    return await work();
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<FileHandle> {
  for (;;) {
    try {
      return await open(lock, "wx", 0o600);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const held = await stat(lock).catch(() => undefined);
    if (held && Date.now() - held.mtimeMs > staleLockMs) await rm(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
