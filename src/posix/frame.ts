import { randomBytes } from "node:crypto";
import type { RemotePath } from "../remote/path.ts";
import { shellQuote } from "../util/shell-quote.ts";

/**
 * The command line that parks a POSIX shell: it waits for one line, our script. Fixed text without `!`, backslash or newline,
 * so that sh, bash, zsh, fish and tcsh as login shells all read it alike; everything variable travels on stdin.
 * `read` takes single bytes from a pipe, so the bytes after the line are left for the script.
 */
export const parkCommand = `exec /bin/sh -c 'IFS= read -r l && eval "$(printf %b "$l")"'`;

/** The same where the server does not make the shell a process-group leader (Dropbear); without `setsid`, as above. */
export const parkCommandInOwnGroup = `exec /bin/sh -c 'command -v setsid >/dev/null 2>&1 && exec setsid /bin/sh -c "$0"; exec /bin/sh -c "$0"' 'IFS= read -r l && eval "$(printf %b "$l")"'`;

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

const longestMarker = 64;
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

  /** The words after a marker, or undefined while its line is incomplete. */
  const marker = (bytes: Buffer, at: number): { words: string[]; next: number } | undefined => {
    const end = bytes.indexOf(10, at);
    if (end < 0 && bytes.length - at < longestMarker) return;
    const stop = end < 0 ? bytes.length : end;
    return {
      words: bytes
        .toString("latin1", at + mark.length, stop)
        .trim()
        .split(" "),
      next: stop + 1,
    };
  };

  /** Drops noise up to the start marker; what follows it, or undefined while there is none. */
  const seekStart = (bytes: Buffer): Buffer | undefined => {
    const at = bytes.indexOf(mark);
    const found = at < 0 ? undefined : marker(bytes, at);
    if (!found) {
      const keepFrom = at < 0 ? Math.max(0, bytes.length - mark.length) : at;
      if (noise.length < noiseKept) noise += bytes.toString("latin1", 0, keepFrom).slice(0, noiseKept);
      held = bytes.subarray(keepFrom);
      return;
    }
    phase = found.words[0] === "cwd" ? "no-cwd" : "body";
    if (found.words[1]) pid = Number(found.words[1]);
    return bytes.subarray(found.next);
  };

  /** The script's own bytes up to the end marker, or up to what could be the beginning of one. */
  const seekEnd = (bytes: Buffer): Buffer => {
    const at = bytes.indexOf(mark);
    const found = at < 0 ? undefined : marker(bytes, at);
    const keepFrom = at < 0 ? bytes.length - partialMark(bytes, mark) : at;
    if (found) {
      phase = "ended";
      if (found.words[1]) exitCode = Number(found.words[1]);
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
