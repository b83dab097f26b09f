import { RemoteError } from "../remote/error.ts";
import type { Prompter, Question } from "../remote/prompter.ts";
import { onAbort, raceAbort } from "../util/abort.ts";
import { isPasswordPrompt } from "../util/password-prompt.ts";
import type { Asked } from "./askpass.ts";
import { refusedPassword, unanswered } from "./errors.ts";
import { type ClientTarget, hostAndPort, isIndirect } from "./target.ts";

export interface AnswerOptions {
  target: ClientTarget;
  prompter: Prompter;
  /** Whether the client says whose keyboard-interactive question it passes on; 8.7 and later do for certain. */
  namesAskers: boolean;
  /** Ends with the login. */
  signal: AbortSignal;
  /** Rejects when a secret must not be given to whoever answers this connection. */
  checkMachine(): Promise<void>;
  /** Lets the time limit stand still. */
  standStill<T>(work: () => Promise<T>): Promise<T>;
  /** Ends the login with this reason. */
  fail(reason: RemoteError): void;
  /** What the user should know if the login fails, as a clause. */
  note(text: string): void;
}

/**
 * Who answers the client: the target's own password and passphrase, each once for a question that certainly is for it, else
 * the prompter. A passphrase that nobody gives lets the client go on with its next key; any other question without an
 * answer ends the login.
 */
export function answerer(options: AnswerOptions): (asked: Asked) => Promise<string | undefined> {
  const { target } = options;
  const spent = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  const stored = (question: Question): string | undefined => {
    const key = question.kind === "passphrase" ? `passphrase of ${question.file}` : "password";
    const value = question.kind === "passphrase" ? target.passphrase : target.password;
    if (value === undefined || spent.has(key) || !isForTarget(question, options)) return;
    spent.add(key);
    return value;
  };

  /** What is typed for a machine on the way must not be kept for the target. */
  const named = (question: Question): Question =>
    question.kind === "password" && !isForTarget(question, options)
      ? { ...question, machine: question.text.replace(/'s password: ?$/, "") }
      : question;

  /** Asks a person; what an answer that was not given means is decided here. */
  const ask = async (question: Question, signal: AbortSignal): Promise<string | undefined> => {
    const said = await options.standStill(() => raceAbort(options.prompter.ask(named(question), signal), signal));
    if (question.kind === "host-key" && said !== "yes") throw unanswered(target, question);
    if (said !== undefined) return said;
    if (question.kind !== "passphrase") {
      const isAgain = spent.has("password") && isForTarget(question, options);
      throw isAgain ? refusedPassword(target) : unanswered(target, question);
    }
    options.note(`the passphrase for ${question.file} was not given`);
    return undefined;
  };

  const answer = async (asked: Asked): Promise<string | undefined> => {
    const question = questionOf(asked, target);
    const signal = AbortSignal.any([options.signal, asked.signal]);
    if (signal.aborted) return undefined;
    try {
      if (asked.kind === "none") return await notice(question, signal);
      if (question.kind !== "host-key") await raceAbort(options.checkMachine(), signal);
      return stored(question) ?? (await ask(question, signal));
    } catch (error) {
      if (signal.aborted || !(error instanceof RemoteError)) return undefined;
      options.fail(error);
      // Without any answer the client would offer an empty one to the server before it is ended.
      await new Promise<void>((resolve) => onAbort(asked.signal, resolve));
      return undefined;
    }
  };

  /** The client waits for a touch of a key, not for an answer; it takes the notice back when that is done. */
  const notice = async (question: Question, signal: AbortSignal): Promise<undefined> => {
    await options.standStill(() => raceAbort(options.prompter.ask(question, signal), signal));
  };

  return (asked) => {
    const mine = last.then(() => answer(asked));
    last = mine.catch(() => {});
    return mine;
  };
}

/** What the client means; its words are in sshconnect.c and sshconnect2.c of OpenSSH. */
export function questionOf({ prompt }: Pick<Asked, "prompt">, target: ClientTarget): Question {
  const machine = hostAndPort(target);
  const text = printable(prompt);
  if (/Are you sure you want to continue connecting|type 'yes', 'no' or the fingerprint/.test(text)) {
    const [, keyType = "", fingerprint = ""] = /(\S+) key fingerprint is (\S+?)\.?\s/.exec(text) ?? [];
    return { kind: "host-key", machine, text, fingerprint, keyType };
  }
  const file = /^Enter passphrase for (?:key )?'?(.+?)'?: ?$/.exec(text)?.[1];
  if (file !== undefined) return { kind: "passphrase", machine, text, file };
  if (/^\S+'s password: ?$/.test(text)) return { kind: "password", machine, text };
  return { kind: "challenge", machine, text, echo: false };
}

/** Machines and programs on the way ask through the same client; what is for the target is not for them. */
function isForTarget(
  question: Question,
  { target, namesAskers }: Pick<AnswerOptions, "target" | "namesAskers">,
): boolean {
  const { text } = question;
  if (question.kind === "passphrase") return target.identityFiles.some((file) => isFile(question.file, file));
  // There a machine on the way could ask in the target's words.
  if (!namesAskers && isIndirect(target)) return false;
  const names = [target.host, target.hostName, target.hostKeyAlias].flatMap((name) => name?.toLowerCase() ?? []);
  // Up to OpenSSH 9.0 names are cut.
  const asks = (user: string, host: string) =>
    (user === target.user || user === target.user.slice(0, 30)) &&
    names.some((name) => [name, name.slice(0, 128)].includes(host.toLowerCase()));
  if (question.kind === "password") {
    const [, user = "", host = ""] = /^(.*)@(.*)'s password: ?$/.exec(text) ?? [];
    return asks(user, host);
  }
  const [, user, host, own = text] = /^\((.*?)@(.*?)\) (.*)$/s.exec(text) ?? [];
  const isTargets = user !== undefined && host !== undefined ? asks(user, host) : !isIndirect(target);
  return question.kind === "challenge" && isTargets && isPasswordPrompt(own);
}

/** Up to OpenSSH 9.0 the name is cut after 100 characters. */
const isFile = (asked: string, file: string): boolean =>
  asked === file || (asked.length === 100 && file.startsWith(asked));

/** Without control characters but for line breaks; the client's own line ends are CR LF. */
const printable = (text: string): string => text.replace(/\r/g, "").replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, " ");
