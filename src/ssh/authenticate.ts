import type { AuthHandlerMiddleware } from "ssh2";
import type { RemoteError } from "../remote/error.ts";
import { listAgentKeys } from "./agent.ts";
import type { Attempt, Login, Method } from "./attempts.ts";
import { translateSshError } from "./errors.ts";
import { outOfTurn } from "./host-key-refusals.ts";
import { readKeyFile } from "./key-file.ts";
import { type Keys, publicKeys } from "./public-keys.ts";
import { keyboardInteractive, passwords } from "./questions.ts";
import { refusal } from "./refusal.ts";
import type { Ssh2 } from "./ssh2.ts";
import type { SshTarget } from "./target.ts";

/** OpenSSH's default `MaxAuthTries` (sshd_config(5)): after as many the server hangs up. */
const maxAttempts = 6;

/** What may be offered, found before the connection is opened: the server's patience is not spent on reading files. */
export interface Credentials extends Keys {
  /** What the user should know about credentials that were left out, as clauses. */
  notes: string[];
}

export async function readCredentials(target: SshTarget, ssh2: Ssh2["ssh2"]): Promise<Credentials> {
  if (!target.authentications.includes("publickey")) return { files: [], notes: [] };
  const [agent, files] = await Promise.all([
    target.agent === undefined ? undefined : listAgentKeys(target.agent, ssh2),
    Promise.all(target.identityFiles.map((path) => readKeyFile(path, ssh2))),
  ]);
  const notes =
    target.agent !== undefined && agent === undefined ? [`the agent at ${target.agent} does not answer`] : [];
  return { agent, files, notes };
}

/**
 * ssh2's authHandler: the target's methods in their order, at most six attempts. When nothing is left, `failed` gets the
 * reason and ends the connection; ssh2 is not asked to go on.
 */
export function authHandler(
  target: SshTarget,
  credentials: Credentials,
  options: Omit<Login, "target" | "notes"> & {
    /** True from the accepted host key to the accepted login; at other times the server has no say and is offered nothing. */
    isDue(): boolean;
    /** A credential is offered over which a server may take its time: it asks a telephone, or makes guessers wait. */
    isSlow(): void;
    failed(reason: RemoteError): void;
  },
): AuthHandlerMiddleware {
  const notes = [...credentials.notes];
  const login: Login = { ...options, target, notes };
  const failed = (reason: unknown) => options.failed(translateSshError(reason, target));
  /** What the server said that it accepts; undefined as long as it is not known. */
  let methodsLeft: readonly string[] | undefined;
  let isPartial = false;
  let latest: Attempt | undefined;
  /** The server's patience, as far as it was used. */
  const tried: string[] = [];
  let hasAbandoned = false;
  let isChoosing = false;
  let send: Parameters<AuthHandlerMiddleware>[2] = () => {};

  /** The password, too, must not be pushed out by the agent's keys. */
  const reserved =
    target.password === undefined ? 0 : target.authentications.filter((name) => name !== "publickey").length;
  const keys = publicKeys(credentials, maxAttempts - reserved, login);
  const methods = target.authentications.map((name): Method => {
    if (name === "password") return passwords(login);
    return name === "publickey" ? keys : keyboardInteractive(login, { abandoned, failed });
  });

  function abandoned(): void {
    hasAbandoned = true;
    latest = undefined;
    void proceed();
  }

  async function proceed(): Promise<void> {
    // A server that answers one request twice is not offered two things at once, and nobody is asked twice.
    if (isChoosing) return;
    isChoosing = true;
    try {
      // Servers count the question for their methods as an attempt unless it comes first: so many keys leave no room for it.
      const isUnsure = latest ? latest.wasSigned?.() === true : keys.left >= maxAttempts - 1 && !hasAbandoned;
      if (isUnsure) methodsLeft = undefined;
      const attempt = (isUnsure ? undefined : await nextAttempt()) ?? probe();
      if (options.isOver()) return;
      isChoosing = false;
      latest = attempt;
      if (attempt?.auth.type === "password" || attempt?.auth.type === "keyboard-interactive") options.isSlow();
      if (attempt) send(attempt.auth);
      else failed(await refusal(target, { keys: credentials, tried, methodsLeft: methodsLeft ?? [], notes }));
    } catch (reason) {
      failed(reason);
    }
  }

  async function nextAttempt(): Promise<Attempt | undefined> {
    for (const method of methods) {
      if (tried.length >= maxAttempts) return undefined;
      if (methodsLeft && !methodsLeft.includes(method.name)) continue;
      // ssh2 mixes up the answers when a method was abandoned and the next one has a dialogue, too.
      if (hasAbandoned && method.name !== "password") continue;
      // Keys that sign in their own time leave ssh2 without the list; a password is not spent on a guess.
      if (!methodsLeft && method.name !== "publickey") return undefined;
      const attempt = await method.next(isPartial);
      if (!attempt) continue;
      tried.push(attempt.name);
      return attempt;
    }
    return undefined;
  }

  /** Asks what the server accepts; an account that needs no password is let in by it. */
  function probe(): Attempt | undefined {
    if (methodsLeft || hasAbandoned) return undefined;
    return { name: "none", auth: { type: "none", username: target.user } };
  }

  return (given, wasPartial, next) => {
    if (!options.isDue()) return failed(outOfTurn(target));
    send = next;
    // After a key that signs in its own time ssh2 gives an old list.
    if (given && !latest?.wasSigned) {
      methodsLeft = given;
      isPartial = wasPartial === true;
    }
    void proceed();
  };
}
