import type { AnyAuthMethod, Prompt } from "ssh2";
import type { Question } from "../remote/prompter.ts";
import { isPasswordPrompt } from "../util/password-prompt.ts";
import type { Login, Method } from "./attempts.ts";
import { accountOf, hostAndPort } from "./target.ts";

/** Characters; longer than any real one. What a server sends beyond it is not shown, so that its question stays in sight. */
const longest = { name: 100, instructions: 400, prompt: 200 };

/** REMOTE_PASSWORD once, then what a person answers. Nothing is sent when there is no answer. */
export function passwords(login: Login): Method {
  const { target, prompter, signal } = login;
  const { user: username, host } = target;
  const [machine, account] = [hostAndPort(target), accountOf(target)];
  let unspent = target.password;
  let refused = 0;
  let asked = 0;
  return {
    name: "password",
    async next() {
      const again = refused++ > 0 ? "That password was refused. " : "";
      let password = unspent;
      unspent = undefined;
      if (password === undefined && asked++ < target.passwordPrompts) {
        const text = `${again}Password of ${username} on ${host}`;
        password = await prompter.ask({ kind: "password", machine, text, account }, signal);
        // Who does not answer once is not asked again.
        if (!password) asked = target.passwordPrompts;
      }
      if (!password) return undefined;
      return { name: "the password", auth: { type: "password", username, password } };
    },
  };
}

/**
 * The server's own questions. REMOTE_PASSWORD answers one single hidden question for a password, once; every other one goes
 * to a person. A question that nobody answers ends this method without an answer, as an empty one counts as a failed login:
 * then `abandon` is told to go on with something else.
 */
export function keyboardInteractive(login: Login, on: { abandoned(): void; failed(reason: unknown): void }): Method {
  const { target, notes, isOver } = login;
  let unspent = target.password;
  let hasGivenUp = false;
  /** Attempts in which a person was asked. */
  let asked = 0;
  let hasAskedNow = false;
  let wasQuestioned = true;
  let isRepeated = false;
  let isAnswering = false;
  /** The question that REMOTE_PASSWORD answered in the latest attempt. */
  let answered: Prompt | undefined;

  const reply = async (texts: Texts, prompts: Prompt[]): Promise<string[] | undefined> => {
    const [first] = prompts;
    const isPassword = prompts.length === 1 && first !== undefined && !first.echo && isPasswordPrompt(first.prompt);
    if (isPassword && unspent !== undefined) {
      const answers = [unspent];
      unspent = undefined;
      answered = first;
      return answers;
    }
    if (!hasAskedNow) asked++;
    hasAskedNow = true;
    const answers: string[] = [];
    for (const [index, prompt] of prompts.entries()) {
      const question = questionOf(prompt, { login, texts: index === 0 ? texts : {}, isPassword, isRepeated });
      const answer = await login.prompter.ask(question, login.signal);
      if (answer === undefined) {
        notes.push(`the server asks "${cleaned(prompt.prompt).slice(0, 100)}", which nobody answered`);
        return undefined;
      }
      answers.push(answer);
    }
    return answers;
  };

  const auth: AnyAuthMethod = {
    type: "keyboard-interactive",
    username: target.user,
    prompt(name, instructions, _language, prompts, finish) {
      wasQuestioned = true;
      // A server that asks on without waiting for the answer gets that one alone, and a person is not asked twice at once.
      if (isAnswering || hasGivenUp) return;
      isAnswering = true;
      reply({ name, instructions }, prompts).then((answers) => {
        isAnswering = false;
        if (isOver()) return;
        if (answers) return finish(answers);
        hasGivenUp = true;
        on.abandoned();
      }, on.failed);
    },
  };

  return {
    name: "keyboard-interactive",
    async next(isPartial) {
      // As ssh: a server that refuses without a question will not ask the next time.
      const isSpent = asked >= target.passwordPrompts && unspent === undefined;
      if (hasGivenUp || isSpent || !wasQuestioned) return undefined;
      if (answered && !isPartial) {
        // Asked ahead: servers count an attempt in which nobody answers as one more wrong password.
        const question = questionOf(answered, { login, texts: {}, isPassword: true, isRepeated: asked > 0 });
        unspent = (await login.prompter.ask(question, login.signal)) || undefined;
        asked++;
        if (unspent === undefined) return undefined;
      }
      answered = undefined;
      isRepeated = hasAskedNow && !isPartial;
      hasAskedNow = false;
      wasQuestioned = false;
      return { name: "the answers to its questions (keyboard-interactive)", auth };
    },
  };
}

interface Texts {
  name?: string;
  instructions?: string;
}

function questionOf(
  prompt: Prompt,
  { login, texts, isPassword, isRepeated }: { login: Login; texts: Texts; isPassword: boolean; isRepeated: boolean },
): Question {
  const { target } = login;
  const words = [
    cleaned(texts.name ?? "").slice(0, longest.name),
    cleaned(texts.instructions ?? "").slice(0, longest.instructions),
    cleaned(prompt.prompt).slice(0, longest.prompt),
  ].filter((part) => part !== "");
  // The name in front tells the server's words from our own, as with ssh.
  const text = `${isRepeated ? "That was refused. " : ""}(${target.user}@${target.host}) ${words.join(" ")}`;
  const machine = hostAndPort(target);
  return isPassword
    ? { kind: "password", machine, text, account: accountOf(target) }
    : { kind: "challenge", machine, text, echo: prompt.echo ?? false };
}

/** Words of a server for a terminal: no control, format or line separating characters. */
const cleaned = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
