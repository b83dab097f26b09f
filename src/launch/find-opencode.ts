import { access, constants, stat } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** OpenCode's program inside its npm package. */
const packaged = join("opencode-ai", "bin", "opencode.exe");

/**
 * Absolute path of OpenCode's executable: on PATH, else the one that a checkout of this project has installed. Undefined
 * when there is none. `cli` is the URL of the running `cli.js`.
 */
export async function findOpencode(
  env: NodeJS.ProcessEnv,
  cli: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  // Under OpenCode's own runtime the running program is OpenCode.
  if (env.BUN_BE_BUN && /opencode[^/\\]*$/.test(process.execPath)) return process.execPath;
  const checkout = fileURLToPath(new URL("../node_modules/.bin", cli));
  for (const entry of [...(env.PATH ?? "").split(delimiter).filter(Boolean), checkout]) {
    // OpenCode starts in another directory, where a relative entry would mean something else.
    const directory = resolve(entry);
    const found = await (platform === "win32" ? onWindows(directory) : program(join(directory, "opencode")));
    if (found) return found;
  }
}

/**
 * npm's `opencode.cmd` needs a shell, and a shell takes the words of the arguments apart; so the program that it stands for
 * is taken: a global installation has `node_modules` beside it, a local one lies in `node_modules/.bin`.
 */
async function onWindows(directory: string): Promise<string | undefined> {
  const direct = await program(join(directory, "opencode.exe"));
  if (direct || !(await program(join(directory, "opencode.cmd")))) return direct;
  return (await program(join(directory, "node_modules", packaged))) ?? (await program(join(directory, "..", packaged)));
}

/** `path` when it is a file that may be run; directories have the same permission bit. */
async function program(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? path : undefined;
  } catch {
    return;
  }
}
