import { stat } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { maxSavedBytes } from "../../src/tools/saved-output.ts";
import { type SshPlace, startSshPlace } from "../support/ssh-place.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { startSshd } from "../support/sshd.ts";
import { type Bench, remoteBench } from "../support/tool-call.ts";

let server: SshServer;
let place: SshPlace;
let bench: Bench;
beforeAll(async () => {
  server = await startSshd({ shell: "/bin/sh" });
  place = await startSshPlace(server);
  bench = await remoteBench(place.host, place.root);
  // A runtime lets garbage lie up to a measure of its own, which the first big output finds; sizes count from there.
  await run("head -c 100000000 /dev/zero");
});
afterAll(async () => {
  await bench?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

const maxGrowth = 50 * 1024 * 1024;

/** The most memory of this process so far, in bytes. */
let most = 0;

/** Runs a command by the bash tool; `grown`: by how many bytes that made this process larger than it ever was. */
async function run(command: string, timeout?: number) {
  const before = most;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const looking = setInterval(look, 10);
  const { output, metadata } = await bench.call("bash", { command, timeout });
  clearInterval(looking);
  look();
  const path = /^Full output saved to: (.*)$/m.exec(output)?.[1] ?? "";
  const file = path ? await stat(path) : undefined;
  return { output, metadata, file, grown: most - before };
}

const holdsFirst = (total: string) =>
  new RegExp(`The file holds the first 100\\.0 MB of ${total}; the end is shown above\\.`);

test("a gigabyte is not held: its end is shown, its first 100 MB are saved, and both are said", async () => {
  const { output, metadata, file, grown } = await run("head -c 1000000000 /dev/zero; echo end");
  expect(grown).toBeLessThan(maxGrowth);
  expect(file?.size).toBe(maxSavedBytes);
  expect(output).toMatch(/^\.\.\.output truncated\.\.\.\n\n/);
  expect(output.slice(-300)).toMatch(/\0end\n\n<shell_metadata>\n/);
  expect(output).toMatch(holdsFirst("953\\.7 MB"));
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(51_200);
  expect(metadata).toMatchObject({ exit: 0, truncated: true });
});

test.each(["yes", "cat /dev/urandom"])(
  "%s is stopped at its timeout, and what it said before is kept",
  async (command) => {
    const { output, metadata, file, grown } = await run(`echo $$ >pid; exec ${command}`, 1_500);
    expect(grown).toBeLessThan(maxGrowth);
    expect(output).toMatch(/^\.\.\.output truncated\.\.\.\n\nFull output saved to: /);
    expect(output).toContain("shell tool terminated command after exceeding timeout 1500 ms.");
    expect(file?.size).toBeGreaterThan(51_200);
    expect(file?.size).toBeLessThanOrEqual(maxSavedBytes);
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(51_200);
    expect(metadata).toMatchObject({ exit: null });
    const { output: left } = await bench.call("bash", { command: "ps -o stat= -p $(cat pid)" });
    // Nobody may reap an orphan in a container.
    expect(left).toMatch(/^(\(no output\)|Z)/);
  },
);

test("of a single line of 60 MB the end is shown, and all of it is saved", async () => {
  const { output, file, grown } = await run("head -c 60000000 /dev/zero | tr '\\0' x; echo end");
  expect(grown).toBeLessThan(maxGrowth);
  expect(file?.size).toBe(60_000_004);
  expect(output).toMatch(/\n\nx{50000,}end$/);
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(51_200);
});
