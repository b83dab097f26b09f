import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDropbear } from "./dropbear.ts";
import { run, type SshServer } from "./ssh-server.ts";
import { startSshd } from "./sshd.ts";

/** Every name of a kind that the installed OpenSSH knows, as `ssh -Q` calls the kind. */
export const opensshNames = (kind: "kex" | "cipher" | "mac" | "HostKeyAlgorithms"): string[] =>
  execFileSync("ssh", ["-Q", kind], { encoding: "utf8" }).trim().split("\n");

/** An OpenSSH server that does all it can do, the weakest too, and has a host key of every plain type. */
export async function startEveryOpenSsh(): Promise<SshServer> {
  const dir = await mkdtemp(join(tmpdir(), "rc-keys-"));
  // OpenSSH 10 has no DSA any longer.
  const dsa = opensshNames("HostKeyAlgorithms").includes("ssh-dss") ? ["dsa"] : [];
  const files = ["rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521", ...dsa].map((type) => join(dir, type));
  await Promise.all(
    files.map((file) => {
      const [kind = "", bits] = file.slice(dir.length + 1).split("-");
      const size = bits ? ["-b", bits] : [];
      return run("ssh-keygen", ["-q", "-t", kind, ...size, "-N", "", "-C", "", "-f", file]);
    }),
  );
  const config = [
    ...files.map((file) => `HostKey ${file}`),
    `KexAlgorithms ${opensshNames("kex").join(",")}`,
    `Ciphers ${opensshNames("cipher").join(",")}`,
    `MACs ${opensshNames("mac").join(",")}`,
    `HostKeyAlgorithms ${opensshNames("HostKeyAlgorithms").join(",")}`,
  ];
  const publicKeys = await Promise.all(files.map((file) => readFile(`${file}.pub`, "utf8")));
  // A plain shell: what the start files of the one who runs the tests do would count for each connection.
  return withKeys(await startSshd({ config, shell: "/bin/sh" }), dir, publicKeys);
}

/** A Dropbear server with a host key of every type; what else it does was fixed when it was built. */
export async function startEveryDropbear(): Promise<SshServer> {
  const dir = await mkdtemp(join(tmpdir(), "rc-keys-"));
  const files = ["rsa", "dss", "ecdsa"].map((type) => join(dir, type));
  const publicKeys = await Promise.all(
    files.map(async (file) => {
      await run("dropbearkey", ["-t", file.slice(dir.length + 1), "-f", file]);
      const { stdout } = await run("dropbearkey", ["-y", "-f", file]);
      return /^(ssh|ecdsa)-\S+ \S+/m.exec(stdout)?.[0] ?? "";
    }),
  );
  return withKeys(await startDropbear({ args: files.flatMap((file) => ["-r", file]) }), dir, publicKeys);
}

/** The server, with the keys in `dir` beside its own; it reads them again for each connection. */
async function withKeys(server: SshServer, dir: string, publicKeys: string[]): Promise<SshServer> {
  const lines = publicKeys.map((key) => `[${server.host}]:${server.port} ${key.trim()}\n`);
  await writeFile(server.knownHosts, lines.join(""), { flag: "a" });
  return Object.assign(Object.create(server), {
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  });
}
