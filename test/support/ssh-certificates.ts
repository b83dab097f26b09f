import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type SshServer } from "./ssh-server.ts";
import { keygen, startSshd } from "./sshd.ts";

export interface CertifiedSshd extends AsyncDisposable {
  readonly server: SshServer;
  /** A known_hosts file that trusts the authority and knows no key. */
  readonly authorityFile: string;
  /** The authority's public key file. */
  readonly authority: string;
  /** Gives the server another key with a certificate of the same authority. */
  renewHostKey(): Promise<void>;
}

/** Signs a public key file; the certificate lies beside it as `-cert.pub`. */
const sign = (authority: string, publicKey: string, options: string[]) =>
  run("ssh-keygen", [
    "-q",
    "-s",
    authority,
    "-I",
    'test" CA ssh-ed25519 SHA256:spoof valid forever',
    ...options,
    publicKey,
  ]);

/** An sshd that takes only certified user keys and shows a certified host key, both of one authority. */
export async function startCertifiedSshd(): Promise<CertifiedSshd> {
  const dir = await mkdtemp(join(tmpdir(), "rc-ca-"));
  const authority = join(dir, "ca");
  await keygen(authority);
  const config = [`TrustedUserCAKeys ${authority}.pub`, "AuthorizedKeysFile none"];
  const server = await startSshd({ shell: "/bin/sh", config });
  const hostKey = join(server.dir, "host_ed25519");
  const signHost = () => sign(authority, `${hostKey}.pub`, ["-h", "-n", server.host]);
  await sign(authority, `${server.clientKey}.pub`, ["-n", server.user]);
  await signHost();
  config.push(`HostCertificate ${hostKey}-cert.pub`);
  await server.restart();
  const authorityFile = join(dir, "known_hosts");
  const line = `@cert-authority [${server.host}]:${server.port} ${await readFile(`${authority}.pub`, "utf8")}`;
  await writeFile(authorityFile, line);
  return {
    server,
    authorityFile,
    authority: `${authority}.pub`,
    async renewHostKey() {
      await rm(hostKey);
      await rm(`${hostKey}.pub`);
      await keygen(hostKey);
      await signHost();
      await server.restart();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Adds a line that knows a machine by another key. */
export async function knowAnotherKey(server: SshServer, file: string): Promise<void> {
  const other = join(server.dir, "other");
  await keygen(other);
  await writeFile(file, "");
  await appendFile(file, `[${server.host}]:${server.port} ${await readFile(`${other}.pub`, "utf8")}`);
}
