import type { Prompter } from "../remote/prompter.ts";
import { raceAbort } from "../util/abort.ts";
import type { ShownKey } from "./host-key-refusals.ts";
import { type KnownHostLine, otherNames } from "./known-hosts.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** As many other names as fit in a dialog; the files may hold hundreds. */
const shownNames = 3;

/**
 * Asks whether to trust a key that was never seen. Only `yes`, in any case, or the very fingerprint says so; a prompter
 * that fails has not said so. Rejects with the signal's reason.
 */
export async function askAboutKey(
  shown: ShownKey,
  check: { target: SshTarget; lines: readonly KnownHostLine[]; prompter: Prompter; signal: AbortSignal },
): Promise<boolean> {
  const { target, lines, prompter, signal } = check;
  const { fingerprint, type: keyType } = shown;
  const machine = hostAndPort(target);
  const names = otherNames(lines, shown.key, shownNames).map(printable);
  const others =
    names.length > 0 ? `It is known by other names: ${names.join("; ")}.` : "It is not known by any other name.";
  const text = `The machine ${machine} is not known yet. Its ${printable(keyType)} key has the fingerprint ${fingerprint}. ${others} Type yes, or the fingerprint, to trust it.`;
  const question = { kind: "host-key", machine, text, fingerprint, keyType } as const;
  const answer = await ask(prompter, question, signal);
  signal.throwIfAborted();
  // A dialog may be closed in ways that its type does not know.
  const said = typeof answer === "string" ? answer.trim() : "";
  return said.toLowerCase() === "yes" || said === fingerprint;
}

async function ask(prompter: Prompter, question: Parameters<Prompter["ask"]>[0], signal: AbortSignal) {
  signal.throwIfAborted();
  try {
    return await raceAbort(prompter.ask(question, signal), signal);
  } catch {
    return undefined;
  }
}

/** A line of known_hosts may hold anything, and the answer goes to a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 100);
