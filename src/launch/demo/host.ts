import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { shellQuote } from "../../util/shell-quote.ts";
import { type ProcessGroup, runCommand } from "./host-command.ts";

/** Any name is accepted: the key decides, and every command runs as the person who started the demo. */
const user = "demo";

export interface DemoHost extends AsyncDisposable {
  readonly port: number;
  /** OpenSSH private key, mode 0600; the only key that this host accepts. */
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** `ssh` options and destination that reach this host with nothing of the user's own ssh settings. */
  readonly sshArgs: readonly string[];
  /** The environment that points Remote Code at `workdir` on this host. */
  env(workdir: string): { REMOTE_SSH: string; REMOTE_WORKDIR: string };
}

/**
 * Starts a throwaway SSH server on a free port of 127.0.0.1. It runs commands (no terminal, no file transfer, no
 * forwarding) as the calling user with `dir` as home and current directory: a stand-in for a remote machine, not a
 * sandbox. Disposing ends its connections, kills what its commands left running and removes the keys.
 */
export async function startDemoHost({ dir }: { dir: string }): Promise<DemoHost> {
  // Not Ed25519: of 600 such keys that ssh2 made, one to three could not be read again.
  const hostKey = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const clientKey = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256, comment: "demo" });
  const accepted = parsePublicKey(clientKey.public);
  const connections = new Set<ssh2.Connection>();
  const groups = new Set<ProcessGroup>();

  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection);
    // A client that vanishes in mid-handshake is no failure of the host.
    connection.on("error", () => connection.end());
    connection.on("close", () => connections.delete(connection));
    connection.on("authentication", (context) => authenticate(context, accepted));
    connection.on("session", (accept) => {
      const env: Record<string, string> = {};
      const session = accept();
      session.on("env", (ok, _no, { key, val }) => {
        env[key] = val;
        ok?.();
      });
      session.on("exec", (ok, _no, { command }) => {
        // What a command left in the background stays on the list; empty groups go, their ids may be given out again.
        for (const group of groups) if (!group.alive()) groups.delete(group);
        groups.add(runCommand({ command, dir, env, channel: ok() }));
      });
    });
  });
  const port = await listen(server);
  const files = await mkdtemp(join(tmpdir(), "demo-host-"));
  const keyFile = join(files, "id_ecdsa");
  const knownHostsFile = join(files, "known_hosts");
  await writeFile(keyFile, clientKey.private, { mode: 0o600 });
  await chmod(keyFile, 0o600);
  await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${hostKey.public.trim()}\n`);

  const options = [
    ["-F", "none"],
    ["-p", String(port)],
    ["-i", keyFile],
    ["-o", `UserKnownHostsFile=${knownHostsFile}`],
    ["-o", "GlobalKnownHostsFile=none"],
    ["-o", "IdentitiesOnly=yes"],
  ].flat();
  const sshArgs = [...options, `${user}@127.0.0.1`];

  let disposed: Promise<void> | undefined;
  const dispose = async () => {
    // Not awaited: under Bun a socket whose peer left before the last bytes were sent never reports its end, and the
    // port is free as soon as `close` returns.
    server.close();
    for (const group of groups) group.kill();
    for (const connection of connections) connection.end();
    await rm(files, { recursive: true, force: true });
  };
  return {
    port,
    keyFile,
    knownHostsFile,
    sshArgs,
    env: (workdir) => ({ REMOTE_SSH: ["ssh", ...sshArgs].map(shellQuote).join(" "), REMOTE_WORKDIR: workdir }),
    [Symbol.asyncDispose]: () => (disposed ??= dispose()),
  };
}

function parsePublicKey(text: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

/** Public key only: the offered key must be the accepted one, and a signature, when there is one, must be right. */
function authenticate(context: ssh2.AuthContext, accepted: ssh2.ParsedKey): void {
  if (context.method === "publickey" && isAccepted(context, accepted)) context.accept();
  else context.reject(["publickey"]);
}

function isAccepted(context: ssh2.PublicKeyAuthContext, accepted: ssh2.ParsedKey): boolean {
  const { key, blob, signature, hashAlgo } = context;
  if (key.algo !== accepted.type || !key.data.equals(accepted.getPublicSSH())) return false;
  // Without a signature the client only asks whether the key would do; accepting then is not a login.
  if (!signature) return true;
  return blob !== undefined && accepted.verify(blob, signature, hashAlgo) === true;
}

function listen(server: ssh2.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the demo host got no TCP port"));
      else resolve(address.port);
    });
  });
}
