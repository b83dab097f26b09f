import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { opencodeBinary } from "../support/opencode-home.ts";
import { type Remote, startRemote } from "../support/remote.ts";
import { cli } from "../support/session.ts";

const run = promisify(execFile);

/** What a host of the plugin does, without OpenCode: load the bundle, read a file, end. */
const program = `
const { default: plugin } = await import(process.argv[2]);
const hooks = await plugin.server({ client: { tui: { publish: async () => ({}) } } });
const ctx = { ask: async () => {}, abort: new AbortController().signal };
const { output } = await hooks.tool.read.execute({ filePath: "hello.txt" }, ctx);
await hooks.dispose();
console.log(output.includes("1: hello"));
`;

let remote: Remote;
let dir: string;
beforeAll(async () => {
  remote = await startRemote();
  dir = await mkdtemp(join(tmpdir(), "rc-dist-"));
  await writeFile(join(dir, "program.mjs"), program);
  await remote.sh("echo hello >hello.txt");
});
afterAll(async () => {
  await remote?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

test.each([
  ["Node", "node", {}],
  ["OpenCode's own runtime", opencodeBinary, { BUN_BE_BUN: "1" }],
])(
  "the bundle stands alone in %s: it reads, keeps the mirror, and lets the process end",
  async (name, command, env) => {
    const mirror = join(dir, name);
    const { stdout } = await run(command, [join(dir, "program.mjs"), join(dirname(cli), "index.js")], {
      cwd: dir,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, ...remote.env(), REMOTE_MIRROR: mirror },
      timeout: 60_000,
    });
    expect(stdout).toBe("true\n");
    const [target = ""] = await readdir(mirror);
    const manifest = JSON.parse(await readFile(join(mirror, target, "manifest.json"), "utf8"));
    expect(manifest.files[`${remote.root}/hello.txt`]).toMatchObject({ size: 6 });
    expect(await readFile(join(mirror, target, "root", "fhello.txt"), "utf8")).toBe("hello\n");
  },
);

test("every bundle has a source map, and the licences of what it holds lie beside", async () => {
  const files = await readdir(dirname(cli));
  for (const name of ["index.js", "tui.js", "cli.js"]) expect(files).toContain(`${name}.map`);
  expect(await readFile(join(dirname(cli), "THIRD-PARTY-LICENSES.txt"), "utf8")).toMatch(/ssh2[\s\S]*unbash/);
});
