import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SeenRequest } from "../../src/launch/demo/chat-request.ts";
import { startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { createOpencodeHome } from "../support/opencode-home.ts";
import { type Remote, startRemote } from "../support/remote.ts";
import { cli, runSession } from "../support/session.ts";
import { startTui } from "../support/tui.ts";

let remote: Remote;
beforeAll(async () => {
  remote = await startRemote();
});
afterAll(() => remote?.[Symbol.asyncDispose]());

test("what a command prints is on the screen while it runs, and its end when it has ended", async () => {
  // The words on the screen must not stand in the command itself.
  const command = "echo first-$((40+2)); while [ ! -e go ]; do sleep 0.1; done; echo second-$((50+3))";
  await using model = await startScriptedModel([{ calls: [{ name: "bash", arguments: { command } }] }]);
  await using home = await createOpencodeHome(model.providerConfig());
  const env = { ...home.env, ...remote.env() };
  await using tui = await startTui({ command: process.env.NODE ?? "node", args: [cli], env });
  await tui.waitFor(/🌐/, 60_000);
  await tui.submit("go on");
  const running = await tui.waitFor(/first-42/, 60_000);
  expect(running).not.toMatch(/second-53|All steps are done/);
  expect(model.toolResults()).toEqual([]);
  await remote.sh("touch go");
  const ended = await tui.waitFor(/All steps are done\./, 60_000);
  expect(ended).toMatch(/first-42[\s\S]*second-53/);
  expect(model.toolResults().map(({ text }) => text)).toEqual(["first-42\nsecond-53\n"]);
});

describe("a long output", () => {
  const bash = (command: string) => ({ calls: [{ name: "bash", arguments: { command } }] });
  /** The file that the last answer to the model names. */
  const savedIn = (request: SeenRequest): string =>
    /^Full output saved to: (.*)$/m.exec(request.toolResults.at(-1)?.text ?? "")?.[1] ?? "";

  test("reaches the model with its end, and the file it names is read and searched by the tools", async () => {
    let path = "";
    const session = await runSession(remote, {
      turns: [
        bash("seq 1 30000"),
        (request) => {
          path = savedIn(request);
          return { calls: [{ name: "read", arguments: { filePath: path, offset: 15_000, limit: 1 } }] };
        },
        () => ({ calls: [{ name: "grep", arguments: { pattern: "^2000[01]$", path } }] }),
      ],
    });
    const [cut, read, grep] = session.seen;
    expect(cut).toMatch(/^\.\.\.output truncated\.\.\.\n\nFull output saved to: \S+\n\n/);
    expect(cut).toMatch(/\n29999\n30000\n$/);
    expect(session.parts[0]?.metadata).toMatchObject({ truncated: true, outputPath: path, exit: 0 });
    expect(read).toContain("<content>\n15000: 15000\n");
    expect(grep).toBe(`Found 2 matches\n${path}:\n  Line 20000: 20000\n\n  Line 20001: 20001\n`);
    expect(session.parts.map((part) => part.status)).toEqual(["completed", "completed", "completed"]);
  });

  test("obeys the limits of the user's configuration", async () => {
    const session = await runSession(remote, {
      turns: [bash("seq 1 100")],
      config: { tool_output: { max_lines: 20, max_bytes: 10_000 } },
    });
    expect(session.seen[0]?.split("\n")).toHaveLength(20);
    expect(session.seen[0]).toMatch(/^\.\.\.output truncated\.\.\.\n[\s\S]*\n99\n100\n$/);
  });

  test("of another tool is as long as the built-in's, and no file of it is left", async () => {
    await remote.sh("seq 1 3000 >long.txt");
    let directory = "";
    let saved: string[] = [];
    const session = await runSession(remote, {
      prepare: async (home) => {
        directory = join(home.dataDir, "tool-output");
      },
      turns: [
        { calls: [{ name: "read", arguments: { filePath: "long.txt" } }] },
        () => {
          saved = existsSync(directory) ? readdirSync(directory) : [];
          return { text: "done" };
        },
      ],
    });
    expect(session.seen[0]).toMatch(
      /\n2000: 2000\n\n\(Showing lines 1-2000 of 3000\. Use offset=2001 to continue\.\)\n<\/content>$/,
    );
    expect(session.parts[0]?.metadata).toMatchObject({ truncated: true });
    expect(saved).toEqual([]);
  });
});
