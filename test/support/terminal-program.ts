import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { shellQuote } from "../../src/util/shell-quote.ts";

/**
 * A program of its own around one of our files, whose exports `body` can use: for terminals, which the test itself has not.
 * `command` is for `sh` and runs it in the runtime of the tests.
 */
export async function terminalProgram(file: string, body: string): Promise<AsyncDisposable & { command: string }> {
  const dir = await mkdtemp(join(tmpdir(), "rc-program-"));
  const path = join(dir, "program.mjs");
  const source = `import * as ours from ${JSON.stringify(`./${file}`)};\nObject.assign(globalThis, ours);\nawait (async () => {${body}})();\n`;
  const bundle = { bundle: true, platform: "node", format: "esm", target: "node20", write: false } as const;
  const { outputFiles } = await build({
    ...bundle,
    stdin: { contents: source, resolveDir: process.cwd(), loader: "ts" },
  });
  await writeFile(path, outputFiles[0]?.text ?? "");
  const asRuntime = process.versions.bun === undefined ? "" : "BUN_BE_BUN=1 ";
  return {
    command: `${asRuntime}${shellQuote(process.execPath)} ${shellQuote(path)}`,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
