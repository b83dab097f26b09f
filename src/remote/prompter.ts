/** What a person is asked while a connection is made. `machine` is what errors call it; `text` is ready to be shown. */
export type Question =
  /** A host that was never seen: only the answer `yes` accepts its key. */
  | { kind: "host-key"; machine: string; text: string; fingerprint: string; keyType: string }
  /** For the private key in `file` (local path). */
  | { kind: "passphrase"; machine: string; text: string; file: string }
  /** `account`: who logs in to which address, for two machines on the way may be called alike. */
  | { kind: "password"; machine: string; text: string; account?: string }
  /** One of the server's own questions, a one-time code for example. Unless `echo`, the answer is not to be shown. */
  | { kind: "challenge"; machine: string; text: string; echo: boolean };

/** Somebody who can answer: a terminal, a dialog, or nobody. */
export interface Prompter {
  /**
   * The answer as typed; undefined when nobody can answer or the person declined. `text` may hold words of the server, already
   * without control characters. Settles at once when `signal` aborts (rejecting with its reason). One question at a time:
   * callers wait for an answer before they ask again.
   */
  ask(question: Question, signal: AbortSignal): Promise<string | undefined>;
}

/** For sessions without a person: every question stays unanswered, and the error says what was asked. */
export const nobody: Prompter = { ask: async () => undefined };
