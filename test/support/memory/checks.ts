import { sha256 } from "../../../src/remote/baseline.ts";
import { RemoteError, type RemoteErrorCode } from "../../../src/remote/error.ts";
import { dirname, type RemotePath } from "../../../src/remote/path.ts";
import type { TrackedFs } from "./file-system.ts";

export const refuse = (code: RemoteErrorCode, path: RemotePath, why: string) =>
  new RemoteError(code, `Cannot use ${path} on memory: ${why}.`, { host: "memory", path });

/** True when the nearest thing on the way to `path` is no directory. */
export async function liesBelowFile(fs: TrackedFs, path: RemotePath): Promise<boolean> {
  let dir = dirname(path);
  let node = await fs.node(dir);
  while (node.kind === "absent" && dir !== "/") {
    dir = dirname(dir);
    node = await fs.node(dir);
  }
  return node.kind !== "directory";
}

/** True when the content of the file at `path` is the one of the baseline. */
export const matches = async (fs: TrackedFs, path: RemotePath, baseline: { size: number; sha256: string }) => {
  const content = await fs.readFileBuffer(path).catch(() => undefined);
  return content !== undefined && content.length === baseline.size && sha256(content) === baseline.sha256;
};
