import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { createOpencodeHome, opencodeBinary } from "../support/opencode-home.ts";
import { type Remote, startRemote } from "../support/remote.ts";
import { cli } from "../support/session.ts";
import { startTui } from "../support/tui.ts";

let remote: Remote;
beforeAll(async () => {
  remote = await startRemote();
});
afterAll(() => remote?.[Symbol.asyncDispose]());

const sizes = [
  { width: 160, height: 45 },
  { width: 110, height: 30 },
];

describe.each(sizes)("at $width×$height", (size) => {
  test("the machine stands beside the prompt, at home and in a session, and the tools' results are drawn", async () => {
    await remote.sh("echo one >file.txt");
    const turns = [
      { calls: [{ name: "edit", arguments: { filePath: "file.txt", oldString: "one", newString: "two" } }] },
      { calls: [{ name: "bash", arguments: { command: "cat file.txt; echo from-$((6*7))" } }] },
    ];
    await using model = await startScriptedModel(turns);
    // Asking before each edit shows what the permission dialog makes of a remote file.
    await using home = await createOpencodeHome({ ...model.providerConfig(), permission: { edit: "ask" } });
    const env = { ...home.env, ...remote.env() };
    await using tui = await startTui({ command: process.env.NODE ?? "node", args: [cli], env, ...size });
    const badge = new RegExp(`🌐 ?${remote.machine.replaceAll(".", "\\.")}:`);
    await tui.waitFor(badge, 60_000);
    await tui.submit("go on");
    const asked = await tui.waitFor(/Permission required/, 60_000);
    expect(asked).toContain("two");
    expect(await remote.sh("cat file.txt")).toBe("one\n");
    await tui.send("Enter");
    const drawn = await tui.waitFor(/All steps are done\./, 60_000);
    expect(drawn).toMatch(badge);
    expect(drawn).toContain("from-42");
    expect(await remote.sh("cat file.txt")).toBe("two\n");
  });
});

test("a command after ! does not run on this machine", async () => {
  await using model = await startScriptedModel([]);
  await using home = await createOpencodeHome(model.providerConfig());
  const env = { ...home.env, ...remote.env() };
  await using tui = await startTui({ command: process.env.NODE ?? "node", args: [cli], env, width: 160, height: 45 });
  await tui.waitFor(/🌐/, 60_000);
  const made = join(home.root, "made");
  // The prompt loses keys that come before it reads them.
  for (let attempt = 0; attempt < 5; attempt++) {
    await tui.type("!");
    const shell = await tui.waitFor(/Run a command/, 3_000).catch(() => undefined);
    if (shell) break;
  }
  await tui.submit(`pwd; touch ${made}`);
  await tui.waitFor(/Commands after ! would run on this machine/, 60_000);
  // Once nothing can be interrupted any more, the command has ended.
  await tui.waitFor(/^(?![\s\S]*esc interrupt)/);
  await expect(access(made)).rejects.toThrow("ENOENT");
});

test("a session whose server plugin does not run says so beside the prompt", async () => {
  await using home = await createOpencodeHome();
  await writeFile(`${home.configDir}/tui.json`, JSON.stringify({ plugin: [new URL("tui.js", `file://${cli}`).href] }));
  const env = { ...home.env, ...remote.env() };
  await using tui = await startTui({ command: opencodeBinary, env });
  await tui.waitFor(/✗ remote tools are not running/, 60_000);
});

test("without REMOTE_SSH nothing is shown", async () => {
  await using home = await createOpencodeHome();
  await writeFile(`${home.configDir}/tui.json`, JSON.stringify({ plugin: [new URL("tui.js", `file://${cli}`).href] }));
  await using tui = await startTui({ command: opencodeBinary, env: home.env });
  expect(await tui.waitFor(/Ask anything/, 60_000)).not.toMatch(/🌐|✗/);
});
