import { openSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ReadStream } from "node:tty";
import { RemoteError } from "../remote/error.ts";
import type { Prompter, Question } from "../remote/prompter.ts";
import { onAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";

export interface Terminal {
  input: NodeJS.ReadableStream & { setRawMode?(isRaw: boolean): unknown };
  output: { write(text: string): unknown };
  /** Called on Ctrl-C, after the terminal is as it was; by default this process gets the signal that it stands for. */
  interrupt?(): void;
}

/** After as many other answers to "yes or no" the host key counts as refused. */
const hostKeyAnswers = 10;

const keys = { interrupt: "\x03", end: "\x04", clear: "\x15", backspace: ["\b", "\x7f"], enter: ["\r", "\n"] };

/**
 * The user's terminal: stdin, or the terminal of the session where stdin is something else. Undefined when there is none.
 * Dispose it before another program reads the terminal.
 */
export function openTerminalPrompter(): (Prompter & Disposable) | undefined {
  const output = process.stderr;
  if (process.stdin.isTTY) {
    return { ...terminalPrompter({ input: process.stdin, output }), [Symbol.dispose]: () => {} };
  }
  try {
    const input = new ReadStream(openSync("/dev/tty", "r+"));
    return { ...terminalPrompter({ input, output }), [Symbol.dispose]: () => input.destroy() };
  } catch {
    return undefined;
  }
}

/**
 * Asks on a terminal. Secrets are not shown. Enter answers, Ctrl-D declines; Ctrl-C rejects with `closed`. However a question
 * ends, the terminal is as it was before.
 */
export function terminalPrompter(terminal: Terminal): Prompter {
  return {
    ask: (question, signal) =>
      question.kind === "host-key"
        ? askForConsent(terminal, question, signal)
        : readLine(terminal, {
            text: withColon(question.text),
            machine: question.machine,
            isShown: question.kind === "challenge" && question.echo,
            signal,
          }),
  };
}

const withColon = (text: string): string => (/[:?]\s*$/.test(text) ? `${text.trimEnd()} ` : `${text}: `);

/** As ssh: `yes`, `no` or the fingerprint that the person knows from elsewhere; nothing else will do. */
async function askForConsent(
  terminal: Terminal,
  { text, machine, fingerprint }: Question & { kind: "host-key" },
  signal: AbortSignal,
): Promise<string | undefined> {
  let prompt = `${text}\nAccept it (yes, no or the fingerprint)? `;
  for (let attempt = 0; attempt < hostKeyAnswers; attempt++) {
    const answer = (await readLine(terminal, { text: prompt, machine, isShown: true, signal }))?.trim();
    if (answer === undefined) return undefined;
    if (answer.toLowerCase() === "yes" || answer === fingerprint) return "yes";
    if (answer.toLowerCase() === "no") return "no";
    prompt = "Please type yes, no or the fingerprint: ";
  }
  return undefined;
}

interface Line {
  text: string;
  machine: string;
  isShown: boolean;
  signal: AbortSignal;
}

async function readLine({ input, output, interrupt }: Terminal, line: Line): Promise<string | undefined> {
  line.signal.throwIfAborted();
  const answer = deferred<string | undefined>();
  const decoder = new StringDecoder("utf8");
  const typed: string[] = [];
  const show = (text: string) => line.isShown && output.write(text);
  let wasInterrupted = false;

  const onKey = (key: string) => {
    if (keys.enter.includes(key)) answer.resolve(typed.join(""));
    else if (key === keys.end) answer.resolve(undefined);
    else if (key === keys.interrupt) {
      wasInterrupted = true;
      const message = `The question about ${line.machine} was interrupted, so nothing was connected; start again.`;
      answer.reject(new RemoteError("closed", message));
    } else if (keys.backspace.includes(key)) {
      if (typed.pop() !== undefined) show("\b \b");
    } else if (key === keys.clear) {
      show("\b \b".repeat(typed.splice(0).length));
    } else if (!/\p{Cc}/u.test(key)) {
      typed.push(key);
      show(key);
    }
  };
  const onData = (data: Buffer | string) => {
    const text = typeof data === "string" ? data : decoder.write(data);
    // Arrows and function keys come as sequences that begin with Escape.
    for (const key of text.replace(/\x1b(\[[0-9;?]*[ -/]*[@-~]|O.)/g, "")) onKey(key);
  };
  const onEnd = () => answer.resolve(undefined);

  const off = onAbort(line.signal, () => answer.reject(line.signal.reason));
  input.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
  try {
    // Before the words, so that what is typed at their sight is not shown.
    input.setRawMode?.(true);
    output.write(line.text);
    input.resume();
    return await answer.promise;
  } finally {
    off();
    input.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
    input.pause();
    input.setRawMode?.(false);
    output.write("\n");
    if (wasInterrupted) (interrupt ?? interruptThisProcess)();
  }
}

function interruptThisProcess(): void {
  process.kill(process.pid, "SIGINT");
}
