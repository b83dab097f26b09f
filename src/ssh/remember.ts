import type { Prompter, Question } from "../remote/prompter.ts";
import { raceAbort } from "../util/abort.ts";

/** One login's questions. */
export interface RememberedLogin extends Prompter {
  /** The login succeeded: its answers are right and are kept for the next one. */
  accepted(): void;
}

/** Answers to questions for passphrases and passwords, in memory only, for as long as somebody holds it. */
export interface Memory {
  /** `mayAsk: false` for connections that nobody waits for: they get what is remembered and nothing else. */
  login(options?: { mayAsk?: boolean }): RememberedLogin;
}

/**
 * Asks each passphrase and password once per host and not per connection. The same question twice within one login means
 * that the remembered answer was wrong: then the person is asked. One-time codes and host keys are never remembered. However
 * many logins ask at once, the person sees one question at a time.
 */
export function remembering(prompter: Prompter): Memory {
  const kept = new Map<string, string>();
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const mine = turn.then(() => {
      signal.throwIfAborted();
      return ask();
    });
    turn = mine.catch(() => {});
    return raceAbort(mine, signal);
  }

  return {
    login({ mayAsk = true } = {}) {
      const used = new Map<string, string>();
      const fresh = new Map<string, string>();
      const recall = (key: string): string | undefined => {
        const answer = kept.get(key);
        if (answer === undefined || answer === used.get(key)) return undefined;
        used.set(key, answer);
        return answer;
      };
      return {
        async ask(question, signal) {
          const key = keyOf(question);
          if (key === undefined) return mayAsk ? inTurn(() => prompter.ask(question, signal), signal) : undefined;
          const known = recall(key);
          if (known !== undefined || !mayAsk) return known;
          return inTurn(async () => {
            // Another login may have been told while this one waited.
            const meanwhile = recall(key);
            if (meanwhile !== undefined) return meanwhile;
            const answer = await prompter.ask(question, signal);
            if (answer !== undefined) fresh.set(key, answer);
            return answer;
          }, signal);
        },
        accepted() {
          for (const [key, answer] of fresh) kept.set(key, answer);
        },
      };
    },
  };
}

/** Undefined for what is never remembered. */
function keyOf(question: Question): string | undefined {
  if (question.kind === "passphrase") return JSON.stringify([question.kind, question.machine, question.file]);
  if (question.kind === "password") return JSON.stringify([question.kind, question.machine, question.account]);
  return undefined;
}
