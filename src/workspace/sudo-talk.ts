import type { LiveInput } from "../remote/shell.ts";
import type { PasswordGate } from "./password-gate.ts";

/** What the wrapper and sudo itself say between the command's own bytes. */
export type SudoSign =
  /** A wrapper is about to let sudo validate the user. */
  | { kind: "turn"; id: number }
  /** Sudo wants the password and waits. */
  | { kind: "ask"; id: number }
  /** That sudo has ended. */
  | { kind: "done"; id: number; status: number };

export interface SudoReader {
  /** Takes the next bytes of one stream; returns what is not ours. */
  push(chunk: Uint8Array): Buffer;
  /** After the end: what was held back because it could have become a sign. */
  rest(): Buffer;
}

/** Bytes of the longest sign: the nonce, a word and two numbers. */
const longestSign = 64;
const form = /^ (turn|ask|done) (\d+)(?: (\d+))?\./;
const nothing = Buffer.alloc(0);

/** Takes the signs out of a stream, across packets; `onSign` is called in their order. */
export function sudoReader(nonce: string, onSign: (sign: SudoSign) => void): SudoReader {
  const mark = Buffer.from(nonce, "latin1");
  let held: Buffer = nothing;
  return {
    push(chunk) {
      const bytes = held.length ? Buffer.concat([held, chunk]) : Buffer.from(chunk);
      held = nothing;
      const ours: Buffer[] = [];
      let from = 0;
      for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
        const text = bytes.toString("latin1", at + mark.length, at + longestSign);
        const [sign, kind, id, status] = form.exec(text) ?? [];
        if (sign === undefined) {
          if (text.includes(".") || bytes.length - at >= longestSign) continue;
          held = bytes.subarray(at);
          break;
        }
        ours.push(bytes.subarray(from, at));
        from = at + mark.length + sign.length;
        onSign(kind === "done" ? { kind, id: Number(id), status: Number(status) } : asking(kind, Number(id)));
      }
      if (!held.length) held = bytes.subarray(Math.max(from, bytes.length - partialMark(bytes, mark)));
      return Buffer.concat([...ours, bytes.subarray(from, bytes.length - held.length)]);
    },
    rest() {
      const rest = held;
      held = nothing;
      return rest;
    },
  };
}

const asking = (kind: string | undefined, id: number): SudoSign => ({ kind: kind === "ask" ? "ask" : "turn", id });

/**
 * So long (ms) a sudo may take until it asks. Directory services that are down hold it up for some 10 s; what asks for
 * something else than a password (a code, a finger) waits for ever.
 */
const askMs = 30_000;

/** Length of the longest end of `bytes` that is a beginning of `mark`. */
function partialMark(bytes: Buffer, mark: Buffer): number {
  for (let n = Math.min(mark.length - 1, bytes.length); n > 0; n--) {
    if (bytes.subarray(bytes.length - n).equals(mark.subarray(0, n))) return n;
  }
  return 0;
}

/** Who says the password, once for each sudo that asks. */
export interface SudoAnswers {
  onSign(sign: SudoSign): void;
  /** What the sudo that validates says in its own words, those of the locale C. */
  onWords(text: string): void;
  /** Where the password goes; each run of the script has its own. */
  attach(input: LiveInput): void;
  /** The command has ended. */
  stop(): void;
}

/**
 * One at a time: every sudo of a command line reads from the same input, and each line of it must find its own reader. A
 * second question of the same sudo means that the password is wrong: then nobody gets it any more.
 */
export function sudoAnswers(password: string, gate: PasswordGate, onRefused: () => void): SudoAnswers {
  const asked = new Set<number>();
  const silent = new Map<number, NodeJS.Timeout>();
  let input: LiveInput | undefined;
  let isAnswering = false;
  let isRefused = false;
  let isOver = false;
  let isMyTurn = false;
  const heard = (id: number) => {
    clearTimeout(silent.get(id));
    silent.delete(id);
  };
  const refuse = () => {
    if (isRefused) return;
    isRefused = true;
    gate.refuse();
    onRefused();
    input?.end();
  };
  const proceed = () => {
    isMyTurn = true;
    if (gate.isRefused && !isOver) refuse();
    if (isOver || isRefused) return answered();
    input?.write(Buffer.from(`${password}\n`, "utf8"));
  };
  const answer = () => {
    if (isAnswering || isOver || isRefused || asked.size === 0) return;
    isAnswering = true;
    gate.enter(proceed);
  };
  const answered = () => {
    if (!isMyTurn) return;
    isMyTurn = false;
    isAnswering = false;
    gate.leave();
  };
  return {
    onSign({ kind, id }) {
      heard(id);
      // At the end of its input it gives up.
      if (kind === "turn") {
        const giveUp = setTimeout(() => input?.end(), askMs);
        silent.set(id, giveUp);
      }
      if (kind === "ask" && asked.has(id)) return refuse();
      if (kind === "ask") asked.add(id);
      if (kind === "done" && asked.delete(id)) answered();
      answer();
    },
    // With a single attempt allowed (passwd_tries=1) it does not ask again.
    onWords(text) {
      if (/incorrect (?:password|authentication) attempt/.test(text)) refuse();
    },
    attach(live) {
      input = live;
    },
    stop() {
      isOver = true;
      for (const id of [...silent.keys()]) heard(id);
      answered();
    },
  };
}
