import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Remote scripts are real `.sh` files; esbuild bundles them as text and so do the tests. */
const shellScriptsAsText = {
  name: "shell-scripts-as-text",
  enforce: "pre" as const,
  load(id: string) {
    if (id.endsWith(".sh")) return `export default ${JSON.stringify(readFileSync(id, "utf8"))};`;
  },
};

const suite = (name: string, timeoutMs: number) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeoutMs, hookTimeout: timeoutMs },
});

export default defineConfig({
  plugins: [shellScriptsAsText],
  test: {
    projects: [suite("unit", 20_000), suite("contract", 60_000), suite("e2e", 120_000)],
    // Two cores; every server under test is a real process.
    maxWorkers: 2,
    passWithNoTests: false,
  },
});
