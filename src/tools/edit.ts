import * as z from "zod";
import type { RemotePath } from "../remote/path.ts";
import { countChanges } from "../text/diff.ts";
import { decodeText, encodeText } from "../text/encoding.ts";
import { convertEol, detectEol } from "../text/eol.ts";
import { replaceText } from "../text/replace.ts";
import type { ToolSpec } from "./define-tool.ts";
import { askEdit, askPlace, diffOf } from "./permission.ts";

const args = {
  filePath: z.string(),
  oldString: z.string(),
  newString: z.string(),
  replaceAll: z.boolean().optional(),
};

export const edit: ToolSpec<typeof args> = {
  name: "edit",
  description:
    "Replaces text in a file on the remote machine. oldString must occur exactly once, whitespace and indentation included, unless replaceAll is set; give surrounding lines to make it unique. An empty oldString creates a file that does not exist yet. Line endings, byte order mark and file mode are kept.",
  args,
  async run({ filePath, oldString, newString, replaceAll }, call) {
    if (!filePath) throw new Error("filePath is required");
    if (oldString === newString) throw new Error("No changes to apply: oldString and newString are identical.");
    const { ctx, workspace } = call;
    const path = await workspace.resolve(filePath, ctx.abort);
    await askPlace(call, path);
    await using file = await workspace.open(path, ctx.abort);
    if (file.pulled.kind === "directory") throw new Error(`Path is a directory, not a file: ${path}`);
    const old = file.content();
    const before = decodeText(old ?? new Uint8Array());
    if (!before.exact) throw notText(path, workspace.identity.host);
    const after = old ? replaceIn(before.text, oldString, newString, replaceAll) : create(path, oldString, newString);
    const diff = diffOf(path, before.text, after);
    await askEdit(call, path, diff);
    const bom = before.bom || after.startsWith("\uFEFF");
    await workspace.save([file.write(encodeText(after, { bom }))], ctx.abort);
    return {
      title: workspace.display(path),
      output: "Edit applied successfully.",
      metadata: {
        diagnostics: {},
        diff,
        filediff: { file: path, patch: diff, ...countChanges(before.text, after) },
      },
    };
  },
};

function create(path: RemotePath, oldString: string, newString: string): string {
  if (oldString !== "") throw new Error(`File ${path} not found`);
  return newString;
}

function replaceIn(text: string, oldString: string, newString: string, replaceAll = false): string {
  if (oldString === "") {
    throw new Error(
      "oldString cannot be empty when editing an existing file. Provide the exact text to replace, or use write for an intentional full-file replacement.",
    );
  }
  const eol = detectEol(text);
  return replaceText(text, convertEol(oldString, eol), convertEol(newString, eol), replaceAll);
}

/** An edit changes the bytes of the edit and nothing else; bytes that are not UTF-8 would not survive it. */
export const notText = (path: RemotePath, host: string): Error =>
  new Error(
    `${path} on ${host} is not UTF-8 text, so editing it would change other bytes too; change it with a command (sed, perl, iconv).`,
  );
