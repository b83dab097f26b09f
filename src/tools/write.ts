import * as z from "zod";
import { decodeText, encodeText } from "../text/encoding.ts";
import type { ToolSpec } from "./define-tool.ts";
import { askEdit, askPlace, diffOf } from "./permission.ts";

const args = { content: z.string(), filePath: z.string() };

export const write: ToolSpec<typeof args> = {
  name: "write",
  description:
    "Writes a file on the remote machine, replacing it if it exists and making missing directories. filePath is absolute, or relative to the working directory. Read an existing file before replacing it, and prefer edit for changes.",
  args,
  async run({ content, filePath }, call) {
    const { ctx, workspace } = call;
    const path = await workspace.resolve(filePath, ctx.abort);
    await askPlace(call, path);
    await using file = await workspace.open(path, ctx.abort);
    const old = file.content();
    const before = decodeText(old ?? new Uint8Array());
    const after = decodeText(encodeText(content, { bom: false }));
    await askEdit(call, path, diffOf(path, before.text, after.text));
    const bom = before.bom || content.startsWith("\uFEFF");
    await workspace.save([file.write(encodeText(content, { bom }))], ctx.abort);
    return {
      title: workspace.display(path),
      output: "Wrote file successfully.",
      metadata: { diagnostics: {}, filepath: path, exists: old !== undefined },
    };
  },
};
