import type { HostIdentity } from "../remote/host.ts";
import type { Prompter } from "../remote/prompter.ts";

export interface TypedAnswers extends Prompter {
  /** What was typed for this machine, under the names that the plugin reads; empty when nothing was. */
  environment(identity: HostIdentity): { REMOTE_PASSWORD?: string; REMOTE_PASSPHRASE?: string };
}

/**
 * Remembers passwords and passphrases while they are typed, so that OpenCode, which connects for itself and has no terminal
 * to ask on, need not ask again. A password is for the account that asked and no other: where a jump host could be meant as
 * well, none goes on. Of several answers the last one counts, the others were wrong. One-time codes are not kept.
 */
export function typedAnswers(prompter: Prompter): TypedAnswers {
  /** By machine, then by account. */
  const passwords = new Map<string, Map<string, string>>();
  let passphrase: string | undefined;
  return {
    async ask(question, signal) {
      const answer = await prompter.ask(question, signal);
      if (!answer) return answer;
      if (question.kind === "password") {
        const { machine, account = "" } = question;
        passwords.set(machine, new Map(passwords.get(machine)).set(account, answer));
      }
      if (question.kind === "passphrase") passphrase = answer;
      return answer;
    },
    environment({ user, host, port }) {
      const typed = [...(passwords.get(`${host} port ${port}`) ?? [])];
      const own = typed.filter(([account]) => account === "" || account.startsWith(`${user}@`));
      const password = own.length === 1 ? own[0]?.[1] : undefined;
      return {
        ...(password !== undefined && { REMOTE_PASSWORD: password }),
        ...(passphrase !== undefined && { REMOTE_PASSPHRASE: passphrase }),
      };
    },
  };
}
