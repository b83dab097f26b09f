import type { HostIdentity } from "../remote/host.ts";
import type { Prompter } from "../remote/prompter.ts";

export interface TypedAnswers extends Prompter {
  /** What was typed for this machine, under the names that the plugin reads; empty when nothing was. */
  environment(identity: HostIdentity): { REMOTE_PASSWORD?: string; REMOTE_PASSPHRASE?: string };
}

/**
 * Remembers passwords and passphrases while they are typed, so that OpenCode, which connects for itself and has no terminal
 * to ask on, need not ask again. A password is for the machine that asked and no other; of several answers the last one
 * counts, the others were wrong. One-time codes are not kept.
 */
export function typedAnswers(prompter: Prompter): TypedAnswers {
  const passwords = new Map<string, string>();
  let passphrase: string | undefined;
  return {
    async ask(question, signal) {
      const answer = await prompter.ask(question, signal);
      if (!answer) return answer;
      if (question.kind === "password") passwords.set(question.machine, answer);
      if (question.kind === "passphrase") passphrase = answer;
      return answer;
    },
    environment({ host, port }) {
      const password = passwords.get(`${host} port ${port}`);
      return {
        ...(password !== undefined && { REMOTE_PASSWORD: password }),
        ...(passphrase !== undefined && { REMOTE_PASSPHRASE: passphrase }),
      };
    },
  };
}
