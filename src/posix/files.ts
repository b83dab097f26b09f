import { RemoteError } from "../remote/error.ts";
import type { CallOptions, ReadResult, RemoteEntry, RemoteFiles } from "../remote/files.ts";
import { type RemotePath, remotePath } from "../remote/path.ts";
import type { RemoteShell } from "../remote/shell.ts";
import { shellQuote } from "../util/shell-quote.ts";
import { fileTimeoutMs, parseAnswer, parseStat, takePath } from "./answers.ts";
import { commit } from "./commit.ts";
import prelude from "./scripts/prelude.sh";
import readScript from "./scripts/read.sh";
import statScript from "./scripts/stat.sh";

/** A file that changes under our eyes is read again so many times (files.md, snapshot rule). */
const snapshotAttempts = 3;

/** Bytes of an answer that are not the content of a file: its path and stat; or the entries of a directory. */
const aroundContent = 16 * 1024 * 1024;

/**
 * Files over any POSIX shell: every call is one script and one round trip, and needs nothing on the remote but its own tools.
 * `host` names the machine in errors.
 */
export function posixFiles(shell: RemoteShell, host: () => string): RemoteFiles {
  const ask = async (
    script: string,
    vars: Record<string, string>,
    path: RemotePath,
    doing: string,
    o: CallOptions & { keepBytes?: number },
  ) => {
    const head = Object.entries(vars).map(([name, value]) => `${name}=${shellQuote(value)}\n`);
    const text = head.join("") + prelude + script;
    const call = { lane: "file", signal: o.signal, timeoutMs: fileTimeoutMs, keepBytes: o.keepBytes } as const;
    let result = await shell.exec(text, call);
    // Looking changes nothing, so what the loss of the link cut off may be asked again.
    if (result.ended === "unknown") result = await shell.exec(text, call);
    if (result.ended === "aborted") throw o.signal?.reason;
    return parseAnswer(result, host(), path, doing);
  };

  const stat = async (path: RemotePath, options: CallOptions = {}) => {
    const answer = await ask(statScript, { P: path }, path, "look at", options);
    if (answer.code === "absent") return;
    if (answer.code !== "stat") throw refused(answer.code, host(), path, "look at");
    const { path: real, body } = takePath(answer.body, answer.rest);
    return { real, stat: parseStat(body.toString("utf8").trimEnd()) };
  };

  const readOnce = async (path: RemotePath, options: CallOptions & { known?: string; maxBytes: number }) => {
    const vars = { P: path, KNOWN: options.known ?? "", MAX: String(options.maxBytes) };
    const keepBytes = options.maxBytes + aroundContent;
    const answer = await ask(readScript, vars, path, "read", { signal: options.signal, keepBytes });
    return parseRead(answer, host(), path, options.maxBytes);
  };

  const read: RemoteFiles["read"] = async (path, options) => {
    for (let attempt = 0; attempt < snapshotAttempts; attempt++) {
      const result = await readOnce(path, options);
      if (result !== "changing") return result;
    }
    const message = `${path} on ${host()} keeps changing while it is read; read it with a command (tail, cat) instead.`;
    throw new RemoteError("conflict", message, { host: host(), path });
  };

  // Between the last look at a file and its rename the remote cannot be locked, but our own commits can wait for each other.
  const last = new Map<RemotePath, Promise<unknown>>();
  const inTurn = async <T>(paths: readonly RemotePath[], work: () => Promise<T>): Promise<T> => {
    const before = [...new Set(paths)].map((path) => last.get(path));
    const mine = Promise.allSettled(before).then(work);
    for (const path of paths) last.set(path, mine);
    try {
      return await mine;
    } finally {
      for (const path of paths) if (last.get(path) === mine) last.delete(path);
    }
  };

  return {
    async stat(path, options) {
      return (await stat(path, options))?.stat;
    },
    read,
    async list(path, options = {}) {
      const answer = await ask(readScript, { P: path, KNOWN: "", MAX: "0" }, path, "list", options);
      if (answer.code === "directory") return parseEntries(takePath(answer.body, answer.rest).body);
      if (answer.code === "dangling" || answer.code === "denied") throw refused(answer.code, host(), path, "list");
      throw refused(answer.code === "absent" ? "absent" : "notdir", host(), path, "list");
    },
    async realpath(path, options) {
      const found = await stat(path, options);
      return found && remotePath(found.real);
    },
    commit: (changes, options) =>
      inTurn(
        changes.map((change) => change.path),
        () => commit(shell, host(), read, changes, options),
      ),
  };
}

function parseRead(
  { code, rest, body }: { code: string; rest: string; body: Buffer },
  host: string,
  path: RemotePath,
  maxBytes: number,
): ReadResult | "changing" {
  if (code === "absent") return { kind: "absent" };
  if (code === "directory") {
    const taken = takePath(body, rest);
    return { kind: "directory", path: remotePath(taken.path), entries: parseEntries(taken.body) };
  }
  if (code === "unchanged" || code === "file") {
    const taken = takePath(body, rest);
    const end = taken.body.indexOf(10);
    const line = taken.body.toString("utf8", 0, end);
    const found = { stat: parseStat(line), realPath: remotePath(taken.path) };
    if (code === "unchanged") return { kind: "unchanged", ...found };
    const afterAt = taken.body.lastIndexOf(10, taken.body.length - 2);
    const content = taken.body.subarray(end + 1, afterAt);
    const after = taken.body.toString("utf8", afterAt + 1).trimEnd();
    if (after === "unreadable") throw refused(after, host, path, "read");
    if (after !== line) return "changing";
    if (content.length > maxBytes) throw refused("large", host, path, "read");
    return { kind: "file", ...found, content };
  }
  throw refused(code, host, path, "read");
}

/** `<link or -><type><name>\0` each; see read.sh. */
function parseEntries(body: Buffer): RemoteEntry[] {
  const entries: RemoteEntry[] = [];
  for (const text of body.toString("utf8").split("\0").slice(0, -1)) {
    const directory = text[1] === "/";
    const type = text[0] === "l" ? "link" : directory ? "directory" : text[1] === "." ? "file" : "other";
    entries.push({ name: text.slice(2), type, directory });
  }
  return entries;
}

/** A refusal of our own scripts, in one sentence. */
function refused(code: string, host: string, path: RemotePath, doing: string): RemoteError {
  const error = (c: ConstructorParameters<typeof RemoteError>[0], text: string) =>
    new RemoteError(c, `Cannot ${doing} ${path} on ${host}: ${text}.`, { host, path });
  switch (code) {
    case "absent":
      return error("not_found", "it does not exist");
    case "dangling":
      return error("not_found", "it is a symbolic link to something that does not exist");
    case "notdir":
      return error("not_a_directory", "it is not a directory, or lies below a file");
    case "denied":
      return error("permission_denied", "the account may not read it; check its permissions or use sudo in a command");
    case "special":
      return error("not_regular", "it is a pipe, socket or device, not a file; use a command instead");
    case "unreadable":
      return error("io", "the reading broke off before its end; look at it with a command there");
    case "large":
      return error(
        "too_large",
        "it is too large to be read whole; read a part of it with a command (sed -n, tail, grep)",
      );
    default:
      return error(
        "protocol",
        `the remote gave an answer that is not understood (${JSON.stringify(code.slice(0, 40))})`,
      );
  }
}
