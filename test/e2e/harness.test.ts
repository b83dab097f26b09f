import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { runOpencode } from "../support/opencode.ts";
import { createOpencodeHome, opencodeBinary } from "../support/opencode-home.ts";
import { startTui } from "../support/tui.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await realpath(await mkdtemp(join(tmpdir(), "harness-")));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

describe("the OpenCode harness", () => {
  it("runs a scripted bash call in the real OpenCode and shows its part and the model's view of it", async () => {
    await using model = await startScriptedModel([
      { text: "Looking.", calls: [{ name: "bash", arguments: { command: "pwd; exit 3" } }] },
      (seen) => ({ text: `It said ${seen.toolResults[0]?.text}` }),
    ]);
    const result = await runOpencode({ cwd, config: model.providerConfig(), prompt: "where am I?" });
    expect(result.exitCode).toBe(0);
    expect(result.parts).toMatchObject([
      {
        tool: "bash",
        status: "completed",
        output: `${cwd}\n`,
        input: { command: "pwd; exit 3" },
        metadata: { exit: 3 },
      },
    ]);
    expect(model.toolResults()).toEqual([{ name: "bash", id: "call_1", text: `${cwd}\n` }]);
    expect(result.stdout).toContain(`It said ${cwd}`);
    expect(model.tools()).toContain("edit");
  });

  it("is offered apply_patch instead of edit and write as gpt-5-mock", async () => {
    await using model = await startScriptedModel([]);
    await runOpencode({ cwd, config: model.providerConfig("gpt-5-mock"), prompt: "hello" });
    expect(model.tools()).toContain("apply_patch");
    expect(model.tools()).not.toContain("edit");
  });

  it("kills a run that takes longer than its time, together with its commands", async () => {
    const command = "echo $$ > pid; exec sleep 300";
    await using model = await startScriptedModel([{ calls: [{ name: "bash", arguments: { command } }] }]);
    const result = await runOpencode({ cwd, config: model.providerConfig(), prompt: "wait", timeoutMs: 15_000 });
    expect(result).toMatchObject({ exitCode: null, timedOut: true });
    const pid = Number(await readFile(join(cwd, "pid"), "utf8"));
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => commandOf(pid)).not.toContain("sleep 300");
  });

  it("drives the TUI through a private tmux server", async () => {
    await using model = await startScriptedModel([
      { calls: [{ name: "bash", arguments: { command: "echo from-$((6*7))" } }] },
    ]);
    await using home = await createOpencodeHome(model.providerConfig());
    await using tui = await startTui({ command: opencodeBinary, env: home.env, cwd });
    await tui.waitFor(/Ask anything/, 60_000);
    await tui.submit("run it");
    expect(await tui.waitFor(/All steps are done\./, 60_000)).toContain("from-42");
  });
});

/** The command line of a process; of the list's heading alone when there is no such process. */
const commandOf = (pid: number) => execFileSync("sh", ["-c", `ps -o args -p ${pid} || true`], { encoding: "utf8" });
