import { randomBytes } from "node:crypto";
import { baselineOf, sha256 } from "../remote/baseline.ts";
import { RemoteError } from "../remote/error.ts";
import type { CallOptions, Change, Committed, RemoteFiles } from "../remote/files.ts";
import { isInside } from "../remote/path.ts";
import type { RemoteShell } from "../remote/shell.ts";
import { cksum } from "../util/cksum.ts";
import { shellQuote } from "../util/shell-quote.ts";
import { type Answer, fileTimeoutMs, parseAnswer, systemError } from "./answers.ts";
import commitScript from "./scripts/commit.sh";
import prelude from "./scripts/prelude.sh";

/** All changes as one script and one round trip; see `RemoteFiles.commit` for what it promises. */
export async function commit(
  shell: RemoteShell,
  host: string,
  read: RemoteFiles["read"],
  changes: readonly Change[],
  { signal }: CallOptions = {},
): Promise<Committed[]> {
  if (!changes.length) return [];
  refuseNested(host, changes);
  const { script, stdin } = compose(changes);
  // Once sent, a commit runs to its end on the remote: an abort could only hide how it ended.
  signal?.throwIfAborted();
  const result = await shell.exec(script, { stdin, lane: "file", timeoutMs: fileTimeoutMs });
  // Without a line of answer the script was killed, perhaps after a swap.
  if (result.ended !== "exited" || !result.stdout.includes(10)) return await findOut(host, read, changes);
  const answer = parseAnswer(result, host, changes[0]?.path ?? "", "save");
  if (answer.code !== "committed") throw refusal(answer, host, changes);
  const lines = answer.body.toString("utf8").split("\n");
  return changes.map((change, i) => committed(change, lines[i] ?? ""));
}

/** A file below a file that the same commit writes: each looks possible while neither is there. */
function refuseNested(host: string, changes: readonly Change[]): void {
  const files = changes.filter((change) => change.kind === "write").map((change) => change.path);
  const below = changes.find(({ path }) => files.some((file) => file !== path && isInside(file, path)));
  if (below) throw refusal({ code: "notdir", rest: String(changes.indexOf(below) + 1) }, host, changes);
}

function compose(changes: readonly Change[]): { script: string; stdin: Buffer } {
  const contents: Uint8Array[] = [];
  let offset = 0;
  const check: string[] = [];
  const stage: string[] = [];
  const swap: string[] = [];
  for (const [i, change] of changes.entries()) {
    const was =
      change.baseline === "absent"
        ? "absent - -"
        : `${change.baseline.size} ${change.baseline.sha256} ${change.baseline.cksum}`;
    const parents = change.kind === "write" && change.createParents ? 1 : 0;
    check.push(`check_${change.kind} ${i + 1} ${shellQuote(change.path)} ${was} ${parents}`);
    swap.push(`swap_${change.kind} ${i + 1} ${was}`);
    if (change.kind === "delete") continue;
    const { content } = change;
    const existing = change.baseline === "absent" ? 0 : 1;
    stage.push(`stage ${i + 1} ${offset} ${content.length} ${sha256(content)} ${cksum(content)} ${existing}`);
    contents.push(content);
    offset += content.length;
  }
  const first = changes.find((change) => change.kind === "write")?.path;
  const calls = [
    ...check,
    ...(contents.length > 1 && first ? [`spool_all ${shellQuote(first)}`] : []),
    ...stage,
    ...swap,
    `answer ${changes.map((change) => change.kind).join(" ")}`,
  ];
  const id = randomBytes(8).toString("hex");
  const script = `ID=${id}\nCOUNT=${changes.length}\n${prelude}${commitScript}${calls.join("\n")}\n`;
  return { script, stdin: Buffer.concat(contents) };
}

function committed(change: Change, token: string): Committed {
  if (change.kind === "delete") return { path: change.path, baseline: undefined };
  return { path: change.path, baseline: baselineOf(change.content, token) };
}

/** The answer got lost: the remote's files say what happened. Never sent twice. */
async function findOut(host: string, read: RemoteFiles["read"], changes: readonly Change[]): Promise<Committed[]> {
  const found: Committed[] = [];
  let untouched = 0;
  for (const change of changes) {
    const size = change.kind === "write" ? change.content.length : 0;
    const maxBytes = Math.max(size, change.baseline === "absent" ? 0 : change.baseline.size);
    const now = await read(change.path, { maxBytes }).catch(() => undefined);
    const sha = now?.kind === "file" ? sha256(now.content) : undefined;
    const done =
      change.kind === "delete" ? now?.kind === "absent" : sha !== undefined && sha === sha256(change.content);
    if (done) found.push(committed(change, now?.kind === "file" ? now.stat.token : ""));
    else if (change.baseline === "absent" ? now?.kind === "absent" : sha === change.baseline.sha256) untouched++;
  }
  if (found.length === changes.length) return found;
  const paths = changes.map((change) => change.path).join(", ");
  const path = changes[0]?.path;
  if (untouched === changes.length) {
    const message = `${host} gave no answer to the save of ${paths}, which is unchanged so far; read it again before going on.`;
    throw new RemoteError("outcome_unknown", message, { host, path });
  }
  const message = `${host} gave no answer to the save of ${paths} and the outcome is unknown; read it before going on.`;
  throw new RemoteError("outcome_unknown", message, { host, path });
}

/** Why nothing was changed, in one sentence. */
function refusal({ code, rest }: Pick<Answer, "code" | "rest">, host: string, changes: readonly Change[]): RemoteError {
  const [number = "", ...words] = rest.split(" ");
  const change = changes[Number(number) - 1] ?? changes[0];
  const path = change?.path ?? "";
  const doing = change?.kind === "delete" ? "delete" : "save";
  const error = (c: ConstructorParameters<typeof RemoteError>[0], text: string) =>
    new RemoteError(c, `Cannot ${doing} ${path} on ${host}: ${text}; nothing was changed.`, { host, path });
  switch (code) {
    case "conflict":
      return error("conflict", "it was changed on the remote since it was read, read it again");
    case "gone":
      return error("conflict", "it was deleted on the remote since it was read");
    case "exists":
      return error("conflict", "something of that name appeared on the remote meanwhile, read it first");
    case "special":
      return error("not_regular", "it is not a regular file any more");
    case "noparent":
      return error("not_found", "its directory does not exist");
    case "notdir":
      return error("not_a_directory", "a part of its path is a file, not a directory");
    case "denied":
      return error("permission_denied", "the account may not write it");
    case "dirdenied":
      return error(
        "permission_denied",
        "the account may not write its directory, which a safe save needs; change it with a command",
      );
    case "links":
      return error(
        "unsupported",
        "it has several hard links and a safe save would part them; change it with a command",
      );
    case "traits":
      return error(
        "unsupported",
        "its owner, group or permissions could not be kept; change it with a command or as its owner",
      );
    case "stuck": {
      const why = words.join(" ").trim() || "it was interrupted";
      const message = `The save on ${host} failed (${why}) and ${path} could not be put back: its earlier content may be in a file beside it whose name begins with .rc-; look there before going on.`;
      return new RemoteError("outcome_unknown", message, { host, path });
    }
    default:
      return systemError(words.join(" ").trim(), host, path, doing);
  }
}
