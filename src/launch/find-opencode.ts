import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** File names that Windows runs for `opencode`. */
const names = process.platform === "win32" ? ["opencode.exe", "opencode.cmd"] : ["opencode"];

/**
 * OpenCode's executable: on PATH, else the one that a checkout of this project has installed. Undefined when there is none.
 * `cli` is the URL of the running `cli.js`.
 */
export async function findOpencode(env: NodeJS.ProcessEnv, cli: string): Promise<string | undefined> {
  // Under OpenCode's own runtime the running program is OpenCode.
  if (env.BUN_BE_BUN && /opencode[^/\\]*$/.test(process.execPath)) return process.execPath;
  const checkout = fileURLToPath(new URL("../node_modules/.bin", cli));
  const directories = [...(env.PATH ?? "").split(delimiter).filter(Boolean), checkout];
  for (const path of directories.flatMap((directory) => names.map((name) => join(directory, name)))) {
    if (await isProgram(path)) return path;
  }
}

/** A file that may be run; directories have the same permission bit. */
async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
