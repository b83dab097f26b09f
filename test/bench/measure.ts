/**
 * One runtime's part of the benchmark: loads the built server plugin and times its tools over the line that REMOTE_SSH
 * names. Prints one JSON object: milliseconds per row, median of the runs. Arguments: the plugin's URL, number of runs.
 */
import { performance } from "node:perf_hooks";

interface Tool {
  execute(args: object, ctx: object): Promise<unknown>;
}

const [plugin = "", runsText = "5"] = process.argv.slice(2);
const runs = Number(runsText);
const { default: module } = await import(plugin);
const client = { tui: { publish: async () => ({}) } };

async function load(): Promise<{ tool: Record<string, Tool>; dispose(): Promise<void> }> {
  return await module.server({ client });
}

const ctx = () => ({ ask: async () => {}, metadata() {}, abort: new AbortController().signal });
const call = (tool: Record<string, Tool>, name: string, args: object) => tool[name]?.execute(args, ctx());

async function timed(work: () => Promise<unknown> | undefined): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function median(work: (run: number) => Promise<unknown> | undefined): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    times.push(await timed(() => work(run)));
    // The parked shells are refilled in the background, as between two calls of a model.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

const rows: Record<string, number> = {};
const started = performance.now();
const hooks = await load();
rows["server() returns"] = performance.now() - started;
const { tool } = hooks;
rows["first result after a cold start"] = await timed(() => call(tool, "bash", { command: "true" }));
await new Promise((resolve) => setTimeout(resolve, 2_000));

const lines = (count: number, mark: string) => `${`${mark} ${"x".repeat(70)}\n`.repeat(count)}`;
for (let run = 0; run < runs; run++) {
  await call(tool, "write", { filePath: `first-${run}`, content: lines(55, `${run}`) });
  await call(tool, "write", { filePath: `edit-${run}`, content: `${lines(50, "e")}needle\n` });
}
await call(tool, "bash", {
  command:
    "for i in 0 1 2 3 4 5 6 7 8 9; do head -c 200000 /dev/zero | tr '\\0' a | fold -w 99 >big-$i; cp first-0 ten-$i; done",
});

rows.bash = await median(() => call(tool, "bash", { command: "true" }));
rows["10 bash at once"] = await median(() =>
  Promise.all(Array.from({ length: 10 }, () => call(tool, "bash", { command: "true" }))),
);
rows["read 4 KB, again"] = await median((run) => call(tool, "read", { filePath: `first-${run}` }));
rows["read 4 KB, first time"] = await median(async (run) => {
  await call(tool, "read", { filePath: `ten-${run}` });
});
rows["read 200 KB, first time"] = await median((run) => call(tool, "read", { filePath: `big-${run}`, limit: 5 }));
rows["read a directory"] = await median(() => call(tool, "read", { filePath: "." }));
rows["10 reads at once"] = await median(() =>
  Promise.all(Array.from({ length: 10 }, (_, i) => call(tool, "read", { filePath: `ten-${i}` }))),
);
rows["write 4 KB"] = await median((run) => call(tool, "write", { filePath: `first-${run}`, content: lines(55, "w") }));
rows.edit = await median((run) =>
  call(tool, "edit", { filePath: `edit-${run}`, oldString: "needle", newString: "pin" }),
);
rows["apply_patch of 5 files"] = await median((run) => {
  const sections = [0, 1, 2, 3, 4].flatMap((i) => [`*** Add File: patch-${run}-${i}`, "+line"]);
  return call(tool, "apply_patch", { patchText: ["*** Begin Patch", ...sections, "*** End Patch"].join("\n") });
});
rows.glob = await median(() => call(tool, "glob", { pattern: "**/first-*" }));
rows.grep = await median(() => call(tool, "grep", { pattern: "pin|needle" }));
await hooks.dispose();
process.stdout.write(`${JSON.stringify(rows)}\n`);
process.exit(0);
