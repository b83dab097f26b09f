import * as z from "zod";
import type { Change } from "../remote/files.ts";
import type { RemotePath } from "../remote/path.ts";
import { encodeText } from "../text/encoding.ts";
import { type Hunk, isEmptyPatch, parsePatch } from "../text/patch-parse.ts";
import type { WorkspaceFile } from "../workspace/workspace.ts";
import type { Call, ToolSpec } from "./define-tool.ts";
import { type PlannedFile, planPatch, type ResolvedHunk } from "./patch-plan.ts";
import { askPlace } from "./permission.ts";

const args = { patchText: z.string() };

export const applyPatch: ToolSpec<typeof args> = {
  name: "apply_patch",
  description:
    "Changes files on the remote machine by a patch: `*** Begin Patch`, then sections `*** Add File: path` (lines with +), `*** Delete File: path` or `*** Update File: path` (optionally `*** Move to: path`, then chunks of `@@ context` with lines that begin with a space, - or +), then `*** End Patch`. All sections are applied, or none.",
  args,
  async run({ patchText }, call) {
    const { ctx, workspace } = call;
    const hunks = await resolveAll(parse(patchText), call);
    for (const path of pathsOf(hunks)) await askPlace(call, path);
    await using files = await openAll(pathsOf(hunks), call);
    const planned = verified(() => planPatch(hunks, (path) => files.get(path), workspace));
    const diff = planned.map((file) => `${file.patch}\n`).join("");
    // A move changes two places: a rule about either must be able to speak.
    const places = planned.flatMap(({ filePath, relativePath }) => [workspace.display(filePath), relativePath]);
    const patterns = [...new Set(places)];
    const metadata = { filepath: patterns.join(", "), diff, files: planned.map(shown) };
    await ctx.ask({ permission: "edit", patterns, always: ["*"], metadata });
    await workspace.save(
      changesOf(planned, (path) => files.get(path)),
      ctx.abort,
    );
    const output = `Success. Updated the following files:\n${planned.map(summary).join("\n")}`;
    return { title: output, output, metadata: { diff, files: planned.map(shown), diagnostics: {} } };
  },
};

function parse(patchText: string): Hunk[] {
  if (!patchText) throw new Error("patchText is required");
  const hunks = verified(() => parsePatch(patchText));
  if (hunks.length) return hunks;
  if (isEmptyPatch(patchText)) throw new Error("patch rejected: empty patch");
  throw new Error("apply_patch verification failed: no hunks found");
}

/** The built-in's words around everything that is found before anything is written. */
function verified<T>(step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw new Error(`apply_patch verification failed: ${cause}`, { cause });
  }
}

async function resolveAll(hunks: readonly Hunk[], { ctx, workspace }: Call): Promise<ResolvedHunk[]> {
  const resolved: ResolvedHunk[] = [];
  for (const hunk of hunks) {
    const at = await workspace.resolve(hunk.path, ctx.abort);
    const to = hunk.kind === "update" && hunk.moveTo ? await workspace.resolve(hunk.moveTo, ctx.abort) : undefined;
    resolved.push({ hunk, at, to });
  }
  return resolved;
}

/** Each path once, in one order for everybody: two patches never wait for each other's locks. */
const pathsOf = (hunks: readonly ResolvedHunk[]): RemotePath[] =>
  [...new Set(hunks.flatMap(({ at, to }) => (to ? [at, to] : [at])))].sort();

async function openAll(paths: readonly RemotePath[], { ctx, workspace }: Call) {
  const opened = await Promise.allSettled(paths.map((path) => workspace.open(path, ctx.abort)));
  const files = new Map<RemotePath, WorkspaceFile>();
  for (const each of opened) if (each.status === "fulfilled") files.set(each.value.path, each.value);
  const close = async () => {
    for (const file of files.values()) await file[Symbol.asyncDispose]();
  };
  const failed = opened.find((each) => each.status === "rejected");
  if (failed) {
    await close();
    throw failed.reason;
  }
  return {
    get(path: RemotePath): WorkspaceFile {
      const file = files.get(path);
      if (!file) throw new Error(`${path} was not opened`);
      return file;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The net change of every file, whatever the order and number of its sections. */
function changesOf(planned: readonly PlannedFile[], file: (path: RemotePath) => WorkspaceFile): Change[] {
  const final = new Map<RemotePath, { text: string; bom: boolean } | undefined>();
  for (const { filePath, movePath, after, bom } of planned) {
    const written = after === undefined ? undefined : { text: after, bom };
    if (movePath) final.set(filePath, undefined);
    final.set(movePath ?? filePath, written);
  }
  return [...final].flatMap(([path, written]) => {
    if (written) return [file(path).write(encodeText(written.text, written))];
    return file(path).pulled.kind === "file" ? [file(path).remove()] : [];
  });
}

const letters = { add: "A", update: "M", delete: "D", move: "M" } as const;
const summary = (file: PlannedFile): string => `${letters[file.type]} ${file.relativePath}`;

const shown = ({ filePath, relativePath, type, patch, additions, deletions, movePath }: PlannedFile) => ({
  filePath,
  relativePath,
  type,
  patch,
  additions,
  deletions,
  ...(movePath ? { movePath } : {}),
});
