import { randomBytes } from "node:crypto";
import type { RemotePath } from "../remote/path.ts";
import { shellQuote } from "../util/shell-quote.ts";

/**
 * What a parked shell says when it waits for its line. The command lines hold it in two words, so that whatever echoes or
 * quotes them does not pass for it.
 */
export const readyMark = "rcode-ready";

/** `TMOUT=0`: a shell with a time limit on input, which administrators set in start files, would end while it waits. */
const waitForLine = `printf %s-%s rcode ready; TMOUT=0 IFS= read -r l && eval "$(printf %b "$l")"`;

/**
 * The command line that parks a POSIX shell: it waits for one line, our script. Fixed text without `!`, backslash or newline,
 * so that sh, bash, zsh, fish and tcsh as login shells all read it alike; everything variable travels on stdin.
 * `read` takes single bytes from a pipe, so the bytes after the line are left for the script.
 */
export const parkCommand = `exec /bin/sh -c '${waitForLine}'`;

/** The same where the server does not make the shell a process-group leader (Dropbear); without `setsid`, as above. */
export const parkCommandInOwnGroup = `exec /bin/sh -c 'command -v setsid >/dev/null 2>&1 && exec setsid /bin/sh -c "$0"; exec /bin/sh -c "$0"' '${waitForLine}'`;

export interface FrameOptions {
  cwd?: RemotePath;
  env?: Readonly<Record<string, string>>;
}

export interface Frame {
  /** 128 random bits in hex. It keeps noise apart, it is no secret: `ps` on the remote shows it. */
  nonce: string;
  /** What a parked shell reads: one line of UTF-8, newline included. */
  line: Buffer;
}

/**
 * Wraps a script so that its own output can be told from any noise before or after it, on both streams, byte for byte.
 * @throws TypeError when the script or a value holds a NUL, which no shell can take, or a variable name is no identifier.
 */
export function frame(script: string, { cwd, env = {} }: FrameOptions = {}): Frame {
  const nonce = randomBytes(16).toString("hex");
  const exports = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a variable name.`);
    return `export ${name}=${shellQuote(value)}`;
  });
  const lines = [
    ...(cwd ? [`cd -- ${shellQuote(cwd)} 2>/dev/null || { printf '%s cwd\\n' ${nonce}; exit 0; }`] : []),
    ...exports,
    `printf '%s start %s\\n' ${nonce} "$$"; printf '%s start\\n' ${nonce} >&2`,
    `( eval ${shellQuote(script)}`,
    ")",
    `printf '%s end %s\\n' ${nonce} "$?"; printf '%s end\\n' ${nonce} >&2`,
  ];
  const text = lines.join("\n");
  if (text.includes("\0")) throw new TypeError("A command cannot contain a NUL byte.");
  return { nonce, line: Buffer.from(`${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`, "utf8") };
}

/** `before`: only noise so far. `body`: between the markers. `no-cwd`: the directory could not be entered. */
export type FramePhase = "before" | "body" | "no-cwd" | "ended";

export interface FrameReader {
  readonly phase: FramePhase;
  /** The shell's process id, from the start marker of stdout. */
  readonly pid: number | undefined;
  /** From the end marker of stdout. */
  readonly exitCode: number | undefined;
  /** The beginning of what came before the start marker: what a non-POSIX account prints instead of running anything. */
  readonly noise: string;
  /** Takes the next bytes of one stream and returns those that belong to the script. */
  push(chunk: Buffer): Buffer;
  /** After the stream's end: what was held back because it could have been the beginning of a marker. */
  rest(): Buffer;
}

/** Bytes of the longest marker line: the nonce, a word and a number. */
const longestMarker = 64;
/**
 * What follows the nonce in a marker. Checked to the letter: a shell that is not ours may print the line that it was sent,
 * nonce and all, in an error or as an echo.
 */
const markers: Record<"before" | "body", RegExp> = { before: /^ (start|cwd)(?: (\d+))?$/, body: /^ (end)(?: (\d+))?$/ };
const noiseKept = 400;
const nothing = Buffer.alloc(0);

/** Reads one stream of one framed command; markers are matched as bytes, across packets. */
export function frameReader(nonce: string): FrameReader {
  const mark = Buffer.from(nonce, "latin1");
  let held: Buffer = nothing;
  let phase: FramePhase = "before";
  let pid: number | undefined;
  let exitCode: number | undefined;
  let noise = "";

  /** The first marker that this phase may end with; without `word` while its line is incomplete. */
  const findMarker = (
    bytes: Buffer,
    form: RegExp,
  ): { at: number; word?: string; number?: number; next: number } | undefined => {
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
      const end = bytes.subarray(0, at + longestMarker).indexOf(10, at);
      if (end < 0 && bytes.length - at < longestMarker) return { at, next: at };
      const [, word, number] = form.exec(bytes.toString("latin1", at + mark.length, Math.max(at, end))) ?? [];
      if (word) return { at, word, number: number === undefined ? undefined : Number(number), next: end + 1 };
    }
  };

  /** Drops noise up to the start marker; what follows it, or undefined while there is none. */
  const seekStart = (bytes: Buffer): Buffer | undefined => {
    const found = findMarker(bytes, markers.before);
    if (!found?.word) {
      const keepFrom = found?.at ?? bytes.length - partialMark(bytes, mark);
      if (noise.length < noiseKept) noise += bytes.toString("latin1", 0, keepFrom).slice(0, noiseKept);
      held = bytes.subarray(keepFrom);
      return;
    }
    phase = found.word === "cwd" ? "no-cwd" : "body";
    pid = found.number;
    return bytes.subarray(found.next);
  };

  /** The script's own bytes up to the end marker, or up to what could be the beginning of one. */
  const seekEnd = (bytes: Buffer): Buffer => {
    const found = findMarker(bytes, markers.body);
    const keepFrom = found?.at ?? bytes.length - partialMark(bytes, mark);
    if (found?.word) {
      phase = "ended";
      exitCode = found.number;
    } else held = bytes.subarray(keepFrom);
    return bytes.subarray(0, keepFrom);
  };

  const push = (chunk: Buffer): Buffer => {
    let bytes: Buffer | undefined = held.length ? Buffer.concat([held, chunk]) : chunk;
    held = nothing;
    if (phase === "before") bytes = seekStart(bytes);
    return bytes && phase === "body" ? seekEnd(bytes) : nothing;
  };

  return {
    get phase() {
      return phase;
    },
    get pid() {
      return pid;
    },
    get exitCode() {
      return exitCode;
    },
    get noise() {
      return phase === "before" ? (noise + held.toString("latin1")).slice(0, noiseKept) : noise;
    },
    push,
    rest() {
      const rest = phase === "body" ? held : nothing;
      held = nothing;
      return rest;
    },
  };
}

/** Length of the longest end of `bytes` that is a beginning of `mark`. */
function partialMark(bytes: Buffer, mark: Buffer): number {
  for (let n = Math.min(mark.length - 1, bytes.length); n > 0; n--) {
    if (bytes.subarray(bytes.length - n).equals(mark.subarray(0, n))) return n;
  }
  return 0;
}
