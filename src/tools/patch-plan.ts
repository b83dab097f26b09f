import type { RemotePath } from "../remote/path.ts";
import { countChanges, filePatch } from "../text/diff.ts";
import { decodeText } from "../text/encoding.ts";
import { applyChunks } from "../text/patch-apply.ts";
import type { Hunk } from "../text/patch-parse.ts";
import type { WorkspaceFile } from "../workspace/workspace.ts";
import { notText } from "./edit.ts";

export interface ResolvedHunk {
  hunk: Hunk;
  at: RemotePath;
  /** Where a move leads. */
  to: RemotePath | undefined;
}

/** One section of a patch after it was verified: what OpenCode's TUI shows, and the text that will be written. */
export interface PlannedFile {
  filePath: RemotePath;
  /** As listed: a move is listed under its new name. */
  relativePath: string;
  type: "add" | "update" | "delete" | "move";
  patch: string;
  additions: number;
  deletions: number;
  movePath?: RemotePath;
  /** Undefined when the file will be gone. */
  after: string | undefined;
  bom: boolean;
}

interface Text {
  text: string;
  bom: boolean;
}

/** Applies every section in memory, each to what the sections before it left. Throws on the first that does not fit. */
export function planPatch(
  hunks: readonly ResolvedHunk[],
  file: (path: RemotePath) => WorkspaceFile,
  names: { display(path: RemotePath): string; identity: { host: string } },
): PlannedFile[] {
  const now = new Map<RemotePath, Text | undefined>();
  const current = (path: RemotePath, kind: Hunk["kind"]): Text | undefined => {
    if (now.has(path)) return now.get(path);
    const content = file(path).content();
    if (!content) return;
    const decoded = decodeText(content);
    // A file that goes as a whole may hold anything; its text is only for the diff.
    if (kind === "update" && !decoded.exact) throw notText(path, names.identity.host);
    return decoded;
  };

  return hunks.map(({ hunk, at, to }) => {
    const before = current(at, hunk.kind);
    const after = applied(hunk, at, before);
    if (to) now.set(at, undefined);
    now.set(to ?? at, after);
    const texts = [before?.text ?? "", after?.text ?? ""] as const;
    return {
      filePath: at,
      relativePath: names.display(to ?? at),
      type: to ? "move" : hunk.kind,
      patch: filePatch(at, ...texts, { keepCr: true }),
      ...countChanges(...texts),
      ...(to ? { movePath: to } : {}),
      after: after?.text,
      bom: after?.bom ?? false,
    };
  });
}

function applied(hunk: Hunk, at: RemotePath, before: Text | undefined): Text | undefined {
  if (hunk.kind === "add") return { text: hunk.content, bom: before?.bom ?? false };
  if (hunk.kind === "delete") {
    if (before) return;
    throw bare(`NotFound: FileSystem.readFile (${at})`);
  }
  if (!before) throw bare(`Failed to read file to update: ${at}`);
  return { text: applyChunks(at, before.text, hunk.chunks), bom: before.bom };
}

/** An error whose text has no `Error: ` in front: the built-in has these two that way. */
const bare = (message: string): Error => Object.assign(new Error(message), { name: "" });
