import { accessSync, constants } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The tools of POSIX that the scripts use, and what many hosts have beside them. */
const names =
  "sh bash cat chmod chown cksum cp cut dd dirname basename env find grep head id ln ls mkdir mv printf readlink rm sed sha256sum sleep sort stat tail tee touch tr uname wc xargs".split(
    " ",
  );

/** Makes a directory that can stand for PATH: those tools and no others, from this machine or all from BusyBox. */
export async function toolPath(dir: string, from: "system" | "busybox"): Promise<string> {
  await mkdir(dir, { recursive: true });
  const busybox = findTool("busybox");
  for (const name of names) {
    const tool = from === "busybox" ? busybox : findTool(name);
    if (tool) await symlink(tool, join(dir, name));
  }
  return dir;
}

/** The full path of a command of this machine. */
export function findTool(name: string): string | undefined {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
}
