import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ensureRequirements } from "./requirements.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs one step and ends the whole with its exit code when it fails. */
function step(title: string, command: string, args: string[], env: Record<string, string> = {}): void {
  console.log(`\n=== ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const vitest = "node_modules/.bin/vitest";
const extra = process.argv.slice(2);

ensureRequirements();
step("Build", process.execPath, ["--import", "tsx", "build.ts"]);
step("All suites in Node", process.execPath, [vitest, "run", ...extra]);
step(
  "Unit and contract suites in OpenCode's own runtime",
  "node_modules/.bin/opencode",
  ["--bun", vitest, "run", "--project", "unit", "--project", "contract", ...extra],
  { BUN_BE_BUN: "1" },
);
step("Every algorithm in current Bun", "node_modules/bun-current/bin/bun.exe", [
  "--bun",
  vitest,
  "run",
  "--project",
  "unit",
  "test/unit/ssh/algorithms-matrix.test.ts",
]);
