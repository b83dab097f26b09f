import type { ParsedKey } from "ssh2";
import type { Prompter } from "../remote/prompter.ts";
import type { KeyFile } from "./key-file.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

export interface Asking {
  target: SshTarget;
  prompter: Prompter;
  signal: AbortSignal;
  /** Clauses for the user, should the login fail. Never a secret. */
  notes: string[];
}

/**
 * The private half of a key file, with REMOTE_PASSPHRASE or what a person answers, asked for up to `passwordPrompts` times.
 * Undefined when nobody could open it. Rejects only with the signal's reason.
 */
export async function unlock(file: KeyFile, asking: Asking): Promise<ParsedKey | undefined> {
  const { target, prompter, signal, notes } = asking;
  const { path, privateKey, open } = file;
  if (privateKey || !open) return privateKey;
  if (target.passphrase !== undefined) {
    const opened = await open(target.passphrase, signal);
    if (opened) return genuine(opened, file, notes);
    notes.push(`REMOTE_PASSPHRASE does not open ${path}`);
  }
  const machine = hostAndPort(target);
  for (let attempt = 0; attempt < target.passwordPrompts; attempt++) {
    const again = attempt > 0 ? "That passphrase was wrong. " : "";
    const text = `${again}Passphrase for the key ${path}`;
    const answer = await prompter.ask({ kind: "passphrase", machine, text, file: path }, signal);
    if (answer === undefined || answer === "") {
      notes.push(
        `${path} is protected by a passphrase (set REMOTE_PASSPHRASE or load it into the agent: ssh-add ${path})`,
      );
      return undefined;
    }
    const opened = await open(answer, signal);
    if (opened) return genuine(opened, file, notes);
  }
  notes.push(`no passphrase that was given opens ${path}`);
  return undefined;
}

/** The server was asked about what lies beside the key; a signature of another one is no answer. */
function genuine(opened: ParsedKey, { path, publicKey }: KeyFile, notes: string[]): ParsedKey | undefined {
  if (!publicKey || opened.getPublicSSH().equals(publicKey)) return opened;
  notes.push(`${path}.pub belongs to another key than ${path}; remove it`);
  return undefined;
}
