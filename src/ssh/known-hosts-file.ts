import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RemoteError } from "../remote/error.ts";
import { whileLocked } from "./file-lock.ts";
import { type KnownHostLine, knownHostLine, parseKnownHosts, verdict } from "./known-hosts.ts";

/**
 * Lines of all the files, the first file's first. A missing file is empty; one that cannot be read throws `config`, where
 * OpenSSH would go on without it: a key that it revokes must not be taken for another unknown one.
 */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHostLine[]> {
  const texts = await Promise.all(files.map(readText));
  return texts.flatMap(parseKnownHosts);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "latin1");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return "";
    const message = `Cannot read the known host keys in ${file} (${code ?? "unknown error"}), so no host key can be checked; make the file readable.`;
    throw new RemoteError("config", message, {}, { cause });
  }
}

/**
 * Adds one line; every other byte stays as it is. Under a lock that all our processes respect the file is read again, and
 * what it says by then is the answer; only `unknown` is written and becomes `ok`. A line is one write in append mode: it
 * lands whole whoever else writes, ssh itself included, which knows no lock. Makes the file (0600) and its directory
 * (0700). Rejects with the file system's error when the file cannot be written, and with the signal's reason.
 */
export async function appendKnownHost(
  file: string,
  host: { name: string; port: number; key: Buffer; isHashed?: boolean },
  signal?: AbortSignal,
): Promise<"ok" | "changed" | "revoked"> {
  const { name, port, key } = host;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  return await whileLocked(file, signal, async () => {
    const handle = await open(file, "a+", 0o600);
    try {
      const text = (await handle.readFile()).toString("latin1");
      const now = verdict(parseKnownHosts(text), name, port, key);
      if (now !== "unknown") return now;
      signal?.throwIfAborted();
      const isUnfinished = text !== "" && !text.endsWith("\n");
      const line = Buffer.from(`${isUnfinished ? "\n" : ""}${knownHostLine(host)}`);
      const { bytesWritten } = await handle.write(line);
      if (bytesWritten < line.length) throw new Error(`Only ${bytesWritten} bytes of the line could be written.`);
      return "ok";
    } finally {
      await handle.close();
    }
  });
}
