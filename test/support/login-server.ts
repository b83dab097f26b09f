import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, {
  type AcceptConnection,
  type AuthContext,
  type Connection,
  type RejectConnection,
  type Session,
} from "ssh2";
import type { Prompter, Question } from "../../src/remote/prompter.ts";
import type { SshTarget } from "../../src/ssh/target.ts";
import { nowhere } from "./ssh-target.ts";

export interface LoginServer extends AsyncDisposable {
  /** Somebody at this server, whose host key is known; no credentials. */
  target: SshTarget;
  /** Methods of the requests that came, in order; of keys with the signature's name, `(query)` before it was signed. */
  requests: string[];
  /** Ends every connection. */
  hangUp(): void;
}

type OnSession = (accept: AcceptConnection<Session>, reject: RejectConnection) => void;

/**
 * An ssh2 server that lets `decide` answer every login request and records what it was sent. `isSilentOnSignatures`: it does
 * not say which signatures it takes (RFC 8308), as servers before 2016 and embedded ones. `onSession` answers the requests for
 * channels; without it they are refused.
 */
export async function startLoginServer(
  decide: (context: AuthContext, requests: readonly string[]) => void,
  options: { isSilentOnSignatures?: boolean; onSession?: OnSession } = {},
): Promise<LoginServer> {
  // One in some hundred of ssh2's own Ed25519 keys cannot be read back.
  const { private: hostKey, public: publicKey } = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 });
  const dir = await mkdtemp(join(tmpdir(), "rc-login-"));
  const requests: string[] = [];
  const clients: Connection[] = [];
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    clients.push(client);
    client.on("error", () => {});
    if (options.isSilentOnSignatures) withoutExtensions(client);
    if (options.onSession) client.on("session", options.onSession);
    client.on("authentication", (context) => {
      requests.push(
        context.method === "publickey"
          ? `publickey ${context.key.algo}${context.signature ? "" : " (query)"}`
          : context.method,
      );
      decide(context, requests);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const knownHosts = join(dir, "known_hosts");
  await writeFile(knownHosts, `[127.0.0.1]:${port} ${publicKey.split(" ").slice(0, 2).join(" ")}\n`, { mode: 0o600 });
  return {
    target: { ...nowhere, host: "server", port, user: "somebody", knownHostsFiles: [knownHosts] },
    requests,
    hangUp() {
      for (const client of clients) client.end();
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A person who gives these answers one after the other, then none; `questions` is what was asked. */
export function person(...answers: (string | undefined)[]): Prompter & { questions: Question[] } {
  const questions: Question[] = [];
  return {
    questions,
    async ask(question) {
      questions.push(question);
      return answers[questions.length - 1];
    },
  };
}

/** ssh2 sends them to every client that asks; the answer to "did it ask" is changed here. */
function withoutExtensions(client: object): void {
  let exchange: unknown;
  Object.defineProperty(Reflect.get(client, "_protocol"), "_kex", {
    get: () => exchange,
    set(value: object | undefined) {
      exchange = value;
      if (value) Object.defineProperty(value, "remoteExtInfoEnabled", { get: () => false, set: () => {} });
    },
  });
}
