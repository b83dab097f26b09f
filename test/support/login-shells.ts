import { appendFile, chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "./tool-path.ts";

/** What people have as login shell; `ash` is BusyBox. */
export const loginShells = ["sh", "bash", "dash", "zsh", "fish", "tcsh", "ash"] as const;

/** A login shell for a throwaway account; disposing takes it away again. */
export interface LoginShell extends AsyncDisposable {
  /** Absolute; listed in /etc/shells, as Dropbear wants it. */
  path: string;
}

export async function loginShell(name: (typeof loginShells)[number]): Promise<LoginShell> {
  const tool = findTool(name === "ash" ? "busybox" : name);
  if (!tool) throw new Error(`${name} is not installed.`);
  const dir = await mkdtemp(join(tmpdir(), "rc-shell-"));
  await chmod(dir, 0o755);
  const path = join(dir, name);
  await symlink(tool, path);
  await appendFile(listed, `${path}\n`);
  return {
    path,
    async [Symbol.asyncDispose]() {
      const others = (await readFile(listed, "utf8")).split("\n").filter((line) => line !== path);
      await writeFile(listed, others.join("\n"));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const listed = "/etc/shells";
