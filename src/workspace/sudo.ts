import { randomBytes } from "node:crypto";
import type { ExecOptions, RemoteShell } from "../remote/shell.ts";
import { shellQuote } from "../util/shell-quote.ts";
import { type PasswordGate, passwordGate } from "./password-gate.ts";
import sudoScript from "./scripts/sudo.sh";
import { type SudoSign, sudoAnswers, sudoReader } from "./sudo-talk.ts";
import { findSudo } from "./sudo-words.ts";

/** What sudo may be told on one remote, for the time of a session. */
export interface Sudo {
  /**
   * The command line and the shell to run it over, when it runs sudo; undefined when it does not.
   * @param program the shell that will read the line; undefined for bash or sh
   */
  serve(command: string, program: string | undefined, shell: RemoteShell): Served | undefined;
}

export interface Served {
  command: string;
  shell: RemoteShell;
}

export interface SudoOptions {
  /** For sentences. */
  host(): string;
  password?: string;
}

/** Shells that read the function that stands for sudo. */
const posixShells: ReadonlySet<string> = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "busybox"]);

/** By this variable the script gets to the shell: a line of its own would move the numbers of the others in error messages. */
const given = "RCODE_SUDO";

/** How the script is called. */
interface Call {
  /** What the shell does first with the variable. */
  keep: string;
  words: string;
}

/** No child sees the script in its environment. */
const quiet: Call = { keep: `_rcode_sudo=$${given}; unset ${given}`, words: '/bin/sh -c "$_rcode_sudo"' };
/** Nor does a trace show it, where the shell writes out the words of each call. */
const traced: Call = { keep: ":", words: `/bin/sh -c 'eval "\${${given}?}"'` };

/** A subshell, so that a trace shows the call as it is written and nothing of ours. */
const prefix = ({ keep, words }: Call): string =>
  `${keep}; command -v sudo >/dev/null 2>&1 && sudo() ( { set +x; } 2>/dev/null; exec ${words} sudo "$@" ); `;

/**
 * Gives sudo its password when it asks for it, and only then. After a wrong password nothing is offered any more: servers
 * count attempts.
 */
export function sudoOn({ host, password }: SudoOptions): Sudo {
  const gate = passwordGate();
  return {
    serve(command, program, shell) {
      const name = program?.slice(program.lastIndexOf("/") + 1) ?? "bash";
      const use = command.includes("sudo") && posixShells.has(name) ? findSudo(command) : undefined;
      if (!use) return;
      const nonce = password === undefined || gate.isRefused ? "" : randomBytes(16).toString("hex");
      const why = gate.isRefused
        ? `REMOTE_SUDO_PASSWORD was refused by sudo on ${host()} and is not tried again; set the right one and start OpenCode again.`
        : `sudo on ${host()} needs a password and there is none; set REMOTE_SUDO_PASSWORD, or allow the account NOPASSWD in sudoers.`;
      const uncached = `sudo on ${host()} asks for the password each time (timestamp_timeout=0) and would have to share its input with other commands of this line; give that sudo </dev/null, or a line of its own.`;
      const variables = {
        rc_nonce: nonce,
        rc_needs: why,
        rc_shared: use.isShared ? "1" : "",
        rc_each_time: uncached,
      };
      const assignments = Object.entries(variables).map(([key, value]) => `${key}=${shellQuote(value)}`);
      const script = `${assignments.join("\n")}\n${sudoScript}`;
      const call = use.isTraced ? traced : quiet;
      const line = prefix(call) + withCalls(command, use.words, call);
      const scripted = withScript(shell, script);
      if (!nonce || password === undefined) return { command: line, shell: scripted };
      return { command: line, shell: talking(scripted, { host: host(), nonce, password, gate }) };
    },
  };
}

/** The line with the call in front of each of `places`. */
function withCalls(command: string, places: readonly { pos: number }[], { words }: Call): string {
  return places.reduceRight((line, { pos }) => `${line.slice(0, pos)}${words} ${line.slice(pos)}`, command);
}

const withScript = (shell: RemoteShell, script: string): RemoteShell => ({
  exec: (text, options = {}) => shell.exec(text, { ...options, env: { ...options.env, [given]: script } }),
});

interface Talk {
  host: string;
  nonce: string;
  password: string;
  gate: PasswordGate;
}

/** The script's standard input stays what it was; the channel's own carries the password. */
function talking(shell: RemoteShell, { host, nonce, password, gate }: Talk): RemoteShell {
  return {
    async exec(text, options: ExecOptions = {}) {
      let isRefused = false;
      let hasBegun = false;
      const answers = sudoAnswers(password, gate, () => {
        isRefused = true;
      });
      const onSign = (sign: SudoSign) => {
        hasBegun = true;
        answers.onSign(sign);
      };
      const readers = { stdout: sudoReader(nonce, onSign), stderr: sudoReader(nonce, onSign) };
      const pass = (bytes: Buffer, stream: "stdout" | "stderr") => {
        if (hasBegun && stream === "stderr") answers.onWords(bytes.toString("latin1"));
        // What sudo says of the password belongs to the command's output, which the remote merges.
        if (bytes.length) options.onOutput?.(bytes, hasBegun ? "stdout" : stream);
      };
      const talked: ExecOptions = {
        ...options,
        interact: (input) => answers.attach(input),
        onOutput: (chunk, stream) => pass(readers[stream].push(chunk), stream),
      };
      const script = withChannel(text, options.stdin?.length);
      const result = await shell.exec(script, talked).finally(() => answers.stop());
      for (const stream of ["stdout", "stderr"] as const) pass(readers[stream].rest(), stream);
      if (isRefused) {
        const sentence = `REMOTE_SUDO_PASSWORD was refused by sudo on ${host}; it is not tried again in this session. Set the right one and start OpenCode again.\n`;
        pass(Buffer.from(sentence, "utf8"), "stdout");
      }
      return result;
    },
  };
}

/** Opens the two ways of the password; `size` bytes of the channel's input are the script's. */
function withChannel(script: string, size: number | undefined): string {
  if (size === undefined) return `exec 7<&0 8>&2 </dev/null\n${script}`;
  return `exec 7<&0 8>&2\nhead -c ${size} <&7 7<&- 8>&- | {\n${script}\n}`;
}
