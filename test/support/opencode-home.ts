import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isLive } from "./remote.ts";

/** The OpenCode binary that the project pins. */
export const opencodeBinary = fileURLToPath(new URL("../../node_modules/.bin/opencode", import.meta.url));

/** A HOME and XDG tree of its own: nothing of this machine's user is read or written, but for SSH in the live mode. */
export interface OpencodeHome extends AsyncDisposable {
  readonly root: string;
  /** `$XDG_CONFIG_HOME/opencode`. */
  readonly configDir: string;
  /** `$XDG_DATA_HOME/opencode`: database, logs, saved tool output. */
  readonly dataDir: string;
  /** The whole environment for OpenCode; the caller adds to it, nothing is inherited but PATH; live, the agent too. */
  readonly env: Record<string, string>;
}

/** Makes the tree in the system's temporary directory; `config` becomes the user's global `opencode.json`. */
export async function createOpencodeHome(config: object = {}): Promise<OpencodeHome> {
  const root = await mkdtemp(join(tmpdir(), "opencode-home-"));
  const configDir = join(root, "config", "opencode");
  const dataDir = join(root, "data", "opencode");
  await Promise.all(["home", "cache", "state", "tmp"].map((name) => mkdir(join(root, name))));
  await mkdir(configDir, { recursive: true });
  await writeFile(join(configDir, "opencode.json"), JSON.stringify(config, null, 2));
  await skipPluginInstall(configDir);
  const agent = isLive() ? await lendSsh(join(root, "home")) : {};
  return {
    root,
    configDir,
    dataDir,
    env: {
      PATH: process.env.PATH ?? "/usr/bin:/bin",
      ...agent,
      LANG: "C.UTF-8",
      SHELL: "/bin/bash",
      HOME: join(root, "home"),
      TMPDIR: join(root, "tmp"),
      XDG_CONFIG_HOME: join(root, "config"),
      XDG_DATA_HOME: join(root, "data"),
      XDG_CACHE_HOME: join(root, "cache"),
      XDG_STATE_HOME: join(root, "state"),
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      OPENCODE_DISABLE_MODELS_FETCH: "1",
      OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
      OPENCODE_DISABLE_SHARE: "1",
      OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      // Any npm install that still starts fails at once instead of retrying an unreachable registry for minutes.
      npm_config_offline: "true",
      GIT_CONFIG_NOSYSTEM: "1",
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** The machine of a `.env.test` knows the keys of the person: links their `~/.ssh` into `home` and names their agent. */
async function lendSsh(home: string): Promise<Record<string, string>> {
  const real = join(homedir(), ".ssh");
  if (existsSync(real)) await symlink(real, join(home, ".ssh"));
  const { SSH_AUTH_SOCK } = process.env;
  return SSH_AUTH_SOCK ? { SSH_AUTH_SOCK } : {};
}

/**
 * Makes OpenCode take `@opencode-ai/plugin` for installed in a config directory. It installs the package there in the
 * background and waits for it before it loads plugins, unless `node_modules` exists and the lock file names it.
 */
export async function skipPluginInstall(configDir: string): Promise<void> {
  await mkdir(join(configDir, "node_modules"), { recursive: true });
  const dependencies = { "@opencode-ai/plugin": "*" };
  await writeFile(join(configDir, "package.json"), JSON.stringify({ dependencies }));
  await writeFile(
    join(configDir, "package-lock.json"),
    JSON.stringify({ lockfileVersion: 3, packages: { "": { dependencies } } }),
  );
}
