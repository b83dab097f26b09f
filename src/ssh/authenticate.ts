import type { AnyAuthMethod, AuthHandlerMiddleware, KeyboardInteractiveAuthMethod, ParsedKey } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import type { Prompter } from "../remote/prompter.ts";
import { type AgentKeys, listAgentKeys, singleKeyAgent } from "./agent.ts";
import { type KeyFile, readKeyFile } from "./key-file.ts";
import type { Ssh2 } from "./ssh2.ts";
import type { SshTarget } from "./target.ts";

/** OpenSSH's default `MaxAuthTries` (sshd_config(5)): after as many the server hangs up. */
const maxAttempts = 6;

/** What may be offered, found before the connection is opened: the server's patience is not spent on reading files. */
export interface Credentials {
  agent?: AgentKeys;
  files: KeyFile[];
  /** What the user should know about credentials that were left out, as clauses. */
  notes: string[];
}

export async function readCredentials(target: SshTarget, ssh2: Ssh2["ssh2"]): Promise<Credentials> {
  const [agent, files] = await Promise.all([
    target.agent === undefined ? undefined : listAgentKeys(target.agent, ssh2),
    Promise.all(target.identityFiles.map((path) => readKeyFile(path, ssh2))),
  ]);
  const notes =
    target.agent !== undefined && agent === undefined ? [`the agent at ${target.agent} does not answer`] : [];
  return { agent, files, notes };
}

/** One credential; `method` is the name that servers list. */
interface Attempt {
  method: "publickey" | "keyboard-interactive" | "password";
  /** For the error when all fail. */
  name: string;
  auth: AnyAuthMethod;
}

/**
 * ssh2's authHandler: keys of the agent, key files, then the password as the answer to the server's question and by
 * itself, each once and at most six. When all were refused, `failed` gets the reason and ends the connection; ssh2 is not
 * asked to go on.
 */
export function authHandler(
  target: SshTarget,
  credentials: Credentials,
  options: {
    ssh2: Ssh2["ssh2"];
    prompter: Prompter;
    signal: AbortSignal;
    isOver(): boolean;
    failed(reason: RemoteError): void;
  },
): AuthHandlerMiddleware {
  const notes = [...credentials.notes];
  const keys = keyAttempts(target, credentials, { ...options, notes });
  const waiting = [...keys, ...passwordAttempts(target, notes)];
  const tried: string[] = [];
  let hasProbed = false;
  return (methodsLeft: readonly string[] | null, _partial, next) => {
    for (let attempt = waiting[0]; attempt && tried.length < maxAttempts; attempt = waiting[0]) {
      // Refused keys of an agent leave ssh2 without the list of methods; a password is not spent on a guess.
      if (!methodsLeft && attempt.method !== "publickey" && !hasProbed) break;
      waiting.shift();
      if (methodsLeft && !methodsLeft.includes(attempt.method)) continue;
      tried.push(attempt.name);
      return next(attempt.auth);
    }
    if (!methodsLeft && !hasProbed) {
      hasProbed = true;
      return next({ type: "none", username: target.user });
    }
    options.failed(refused(target, { tried, methodsLeft: methodsLeft ?? [], notes }));
  };
}

function keyAttempts(
  target: SshTarget,
  { agent, files }: Credentials,
  options: { ssh2: Ssh2["ssh2"]; isOver(): boolean; notes: string[] },
): Attempt[] {
  const { notes, ssh2, isOver } = options;
  const inAgent = (file: KeyFile) => agent?.keys.find((key) => file.publicKey && isSame(key, file.publicKey));
  const named = files.flatMap((file) => inAgent(file) ?? []);
  const left = files.filter((file) => !inAgent(file));
  const fromFiles = left.filter((file) => file.privateKey);
  notes.push(...left.flatMap((file) => file.problem ?? []));
  const others = target.identitiesOnly ? [] : (agent?.keys ?? []).filter((key) => !named.includes(key));
  // Keys that the user named, and the password, must not be pushed out by whatever else the agent holds.
  const reserved = named.length + fromFiles.length + (target.password === undefined ? 0 : 2);
  const room = Math.max(1, maxAttempts - reserved);
  if (others.length > room)
    notes.push(`${others.length - room} more keys of the agent were not tried (name the right one with -i)`);
  const username = target.user;
  const publickey = (name: string, auth: AnyAuthMethod): Attempt => ({ method: "publickey", name, auth });
  return [
    ...[...named, ...others.slice(0, room)].flatMap((key) =>
      agent
        ? publickey(`${key.type} key ${key.comment || "without a comment"} of the agent`, {
            type: "agent",
            username,
            agent: singleKeyAgent({ agent: agent.agent, key, isOver }, ssh2),
          })
        : [],
    ),
    ...fromFiles.flatMap(({ path, privateKey }) =>
      privateKey ? publickey(path, { type: "publickey", username, key: privateKey }) : [],
    ),
  ];
}

const isSame = (key: ParsedKey, publicKey: Buffer): boolean => key.getPublicSSH().equals(publicKey);

function passwordAttempts({ user: username, password }: SshTarget, notes: string[]): Attempt[] {
  if (password === undefined) return [];
  const prompt = answerWithPassword(password, notes);
  return [
    {
      method: "keyboard-interactive",
      name: "the password (keyboard-interactive)",
      auth: { type: "keyboard-interactive", username, prompt },
    },
    { method: "password", name: "the password", auth: { type: "password", username, password } },
  ];
}

/** Answers one single hidden question for a password, once; any other question (a one-time code) gets empty answers. */
function answerWithPassword(password: string, notes: string[]): KeyboardInteractiveAuthMethod["prompt"] {
  let isSpent = false;
  return (_name, _instructions, _language, prompts, finish) => {
    const [first] = prompts;
    if (!isSpent && prompts.length === 1 && first && !first.echo && isForPassword(first.prompt)) {
      isSpent = true;
      return finish([password]);
    }
    const asked = prompts.map(({ prompt }) => prompt.replace(/[^\x20-\x7e]+/g, " ").trim()).join(" / ");
    if (!isSpent || !isForPassword(asked))
      notes.push(`the server asks "${asked.slice(0, 100)}", which cannot be answered here`);
    finish(prompts.map(() => ""));
  };
}

const isForPassword = (prompt: string): boolean =>
  /pass\s?wor[dt]|kennwort|mot de passe|contraseña|senha/i.test(prompt) &&
  !/one.?time|\b(otp|oath|new)\b|verification|code|token/i.test(prompt);

function refused(
  target: SshTarget,
  { tried, methodsLeft, notes }: { tried: string[]; methodsLeft: readonly string[]; notes: string[] },
): RemoteError {
  const { host, port, user } = target;
  const offered = tried.length > 0 ? `tried ${tried.join(", ")}` : "there was no usable key or password to try";
  const accepts = methodsLeft.length > 0 ? `; the server accepts ${methodsLeft.join(", ")}` : "";
  const left = notes.length > 0 ? `; ${[...new Set(notes)].join("; ")}` : "";
  const advice = "check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD";
  const message = `${host} port ${port} refused the login as ${user} (${offered}${accepts}${left}); ${advice}.`;
  return new RemoteError("auth_failed", message, { host });
}
