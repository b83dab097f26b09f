/**
 * `npm run bench`: round trips per tool call of the built plugin over a line of 100 ms each way, in Node and in OpenCode's
 * own runtime. `--json` prints the figures alone. The budget is what the physics of one request and one answer allows.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startDelayLine } from "../support/delay-line.ts";
import { opencodeBinary } from "../support/opencode-home.ts";
import { ensureRequirements } from "../support/requirements.ts";
import { startSshd } from "../support/sshd.ts";

const oneWayMs = 100;
const roundTripMs = 2 * oneWayMs;
const runs = 5;

/** Round trips; performance goals of the project. */
const budget: Record<string, number> = {
  "first result after a cold start": 9,
  bash: 1.1,
  "10 bash at once": 2.2,
  "read 4 KB, first time": 1.1,
  "read 4 KB, again": 1.1,
  "read 200 KB, first time": 1.3,
  "read a directory": 1.1,
  "10 reads at once": 2.1,
  "write 4 KB": 2.1,
  edit: 2.1,
  "apply_patch of 5 files": 2.2,
  glob: 1.2,
  grep: 1.2,
};

const plugin = new URL("../../dist/index.js", import.meta.url).href;
const measure = fileURLToPath(new URL("measure.ts", import.meta.url));
const runtimes: [name: string, command: string, args: string[], env: Record<string, string>][] = [
  ["Node", process.execPath, ["--import", "tsx", measure], {}],
  ["OpenCode's Bun", opencodeBinary, [measure], { BUN_BE_BUN: "1" }],
];

async function run(command: string, args: string[], env: Record<string, string>): Promise<Record<string, number>> {
  const child = spawn(command, [...args, plugin, String(runs)], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  if (code !== 0) throw new Error(`the benchmark ended with ${code}`);
  return JSON.parse(out);
}

ensureRequirements();
await using sshd = await startSshd();
await using line = await startDelayLine(sshd.port, oneWayMs);
const results: Record<string, Record<string, number>> = {};
for (const [name, command, args, env] of runtimes) {
  const root = await mkdtemp(join(tmpdir(), "rc-bench-"));
  const mirror = await mkdtemp(join(tmpdir(), "rc-bench-mirror-"));
  const ssh = sshd
    .env(root)
    .REMOTE_SSH.replace(`-p ${sshd.port}`, `-p ${line.port} -o HostKeyAlias=[127.0.0.1]:${sshd.port}`);
  try {
    results[name] = await run(command, args, { ...env, REMOTE_SSH: ssh, REMOTE_WORKDIR: root, REMOTE_MIRROR: mirror });
  } finally {
    await rm(root, { recursive: true, force: true });
    await rm(mirror, { recursive: true, force: true });
  }
}

if (process.argv.includes("--json")) console.log(JSON.stringify({ roundTripMs, runs, milliseconds: results }, null, 2));
else {
  const names = Object.keys(results);
  console.log(`Round trips per call, line of ${roundTripMs} ms, warm, median of ${runs}:\n`);
  console.log(`| | ${names.join(" | ")} | budget |\n|---|${names.map(() => "--:|").join("")}--:|`);
  for (const row of Object.keys(Object.values(results)[0] ?? {})) {
    const ms = names.map((name) => results[name]?.[row] ?? Number.NaN);
    const figures =
      budget[row] === undefined
        ? ms.map((each) => `${each.toFixed(1)} ms`)
        : ms.map((each) => (each / roundTripMs).toFixed(2));
    console.log(`| ${row} | ${figures.join(" | ")} | ${budget[row] ?? "50 ms"} |`);
  }
}
