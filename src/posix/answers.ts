import { RemoteError, type RemoteErrorCode } from "../remote/error.ts";
import type { FileType, RemoteStat } from "../remote/files.ts";
import type { ExecResult } from "../remote/shell.ts";

/** A file operation that takes longer has lost its remote; the largest files that are moved whole need seconds. */
export const fileTimeoutMs = 120_000;

/** A script's answer: one line of words, then bytes. */
export interface Answer {
  code: string;
  rest: string;
  body: Buffer;
}

/** Reads an answer, or says why there is none. `doing` completes "Cannot …". */
export function parseAnswer(result: ExecResult, host: string, path: string, doing: string): Answer {
  if (result.ended === "unknown") {
    const message = `The connection to ${host} was lost while trying to ${doing} ${path}; try again.`;
    throw new RemoteError("outcome_unknown", message, { host, path });
  }
  if (result.ended !== "exited") {
    const message = `${host} did not finish to ${doing} ${path} (${result.ended}); try again, or use a command for a part of it.`;
    throw new RemoteError("io", message, { host, path });
  }
  const stdout = Buffer.from(result.stdout.buffer, result.stdout.byteOffset, result.stdout.byteLength);
  const end = stdout.indexOf(10);
  if (end < 0) {
    const said = Buffer.from(result.stderr).toString("utf8");
    throw systemError(said, host, path, doing);
  }
  const line = stdout.toString("utf8", 0, end);
  const space = line.indexOf(" ");
  const code = space < 0 ? line : line.slice(0, space);
  return { code, rest: space < 0 ? "" : line.slice(space + 1).trim(), body: stdout.subarray(end + 1) };
}

/** The line that `st` prints. Its text is the token. */
export function parseStat(line: string): RemoteStat {
  const words = line.split(" ").filter(Boolean);
  const [kind, ...w] = words;
  const n = (i: number) => Number(w[i]);
  if (kind === "c" || kind === "f") {
    const mode = Number.parseInt(w[0] ?? "", 16);
    return { type: fileType(mode), size: n(2), mode: mode & 0o7777, mtime: n(6), links: n(3), token: line };
  }
  if (kind === "l") {
    const perms = w[1] ?? "";
    const type: FileType = perms[0] === "d" ? "directory" : perms[0] === "-" ? "file" : "other";
    // `ls` tells no comparable time; the token still holds its text.
    return { type, size: n(5), mode: modeOf(perms), mtime: 0, links: n(2), token: line };
  }
  throw new RemoteError(
    "protocol",
    `The remote described a file in an unknown form (${JSON.stringify(line.slice(0, 80))}).`,
  );
}

function fileType(mode: number): FileType {
  // S_IFMT of inode(7).
  const type = mode & 0o170000;
  return type === 0o100000 ? "file" : type === 0o040000 ? "directory" : "other";
}

function modeOf(perms: string): number {
  let mode = 0;
  for (let i = 0; i < 9; i++) if (/[rwxst]/.test(perms[i + 1] ?? "-")) mode |= 0o400 >> i;
  if (/s/i.test(perms[3] ?? "")) mode |= 0o4000;
  if (/s/i.test(perms[6] ?? "")) mode |= 0o2000;
  if (/t/i.test(perms[9] ?? "")) mode |= 0o1000;
  return mode;
}

/** Splits `<length-prefixed path>\n` off a body. */
export function takePath(body: Buffer, length: string): { path: string; body: Buffer } {
  const bytes = Number(length);
  return { path: body.toString("utf8", 0, bytes), body: body.subarray(bytes + 1) };
}

/** What C libraries say (strerror in the C locale), by code; the first that occurs counts. */
const systemTexts: [text: string, code: RemoteErrorCode, advice: string][] = [
  ["No space left", "no_space", "free some space there"],
  ["quota exceeded", "no_space", "free some of the account's quota"],
  ["Read-only file system", "read_only", "it is mounted read-only"],
  ["Permission denied", "permission_denied", "check the permissions of the file and its directory"],
  ["Operation not permitted", "permission_denied", "check the permissions and attributes of the file"],
  ["File name too long", "io", "use a shorter name"],
];

/** An error of the remote's own tools, in one sentence. */
export function systemError(said: string, host: string, path: string, doing: string): RemoteError {
  const known = systemTexts.find(([text]) => said.includes(text));
  if (known)
    return new RemoteError(known[1], `Cannot ${doing} ${path} on ${host}: ${known[0]}; ${known[2]}.`, { host, path });
  const text = said
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 200);
  const message = `Cannot ${doing} ${path} on ${host}${text ? `: ${text}` : ""}; look at it with a command there.`;
  return new RemoteError("io", message, { host, path });
}
