import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ScriptedTurn } from "../../src/launch/demo/scripted-model.ts";
import type { OpencodeHome } from "../support/opencode-home.ts";
import { type Remote, startRemote } from "../support/remote.ts";
import { cli, decoys, runSession, type Session } from "../support/session.ts";

/** When the server plugin cannot load, OpenCode goes on with its local tools, without a word. In our sessions it must not. */

let remote: Remote;
let broken: string;
beforeAll(async () => {
  remote = await startRemote();
  broken = await mkdtemp(join(tmpdir(), "rc-broken-"));
});
afterAll(async () => {
  await remote[Symbol.asyncDispose]();
  await rm(broken, { recursive: true, force: true });
});

/** A copy of `dist` whose server plugin is `index` (absent when undefined). Returns its cli. */
async function distWith(name: string, index: string | undefined): Promise<string> {
  const dist = join(broken, name, "dist");
  await cp(dirname(cli), dist, { recursive: true });
  await writeFile(join(broken, name, "package.json"), '{"type":"module"}');
  if (index === undefined) await rm(join(dist, "index.js"));
  else await writeFile(join(dist, "index.js"), index);
  return join(dist, "cli.js");
}

const plugins: [string, string | undefined][] = [
  ["missing", undefined],
  ["throwing at import", 'throw new Error("broken");'],
  ["no module at all", "}{"],
  ["of a wrong shape", "export default 42;"],
];

const wideOpen = { permission: { "*": "allow", bash: "allow", edit: "allow" } };
const users: [string, object, ((home: OpencodeHome) => Promise<void>)?][] = [
  ["nothing", {}],
  ["everything allowed", wideOpen],
  ["everything allowed in one word", { permission: "allow" }],
  ["an agent with rules of its own", { agent: { build: { permission: { "*": "allow", bash: "allow" } } } }],
  ["a mode with tools of its own", { mode: { build: { tools: { bash: true, write: true } } } }],
  [
    "a bash of another plugin",
    wideOpen,
    async (home) => {
      const code = `export default { id: "other", server: async () => ({ tool: { bash: { description: "", args: {}, execute: async () => "ran elsewhere" } } }) };`;
      await mkdir(join(home.configDir, "plugins"), { recursive: true });
      await writeFile(join(home.configDir, "plugins", "other.js"), code);
    },
  ],
];

/** Every tool, told by an absolute path to read and change the files of this machine. */
function localCalls(directory: string): ScriptedTurn[] {
  const file = join(directory, "hello.txt");
  const one = (name: string, args: object) => ({ calls: [{ name, arguments: args }] });
  return [
    one("bash", { command: `cat ${file}; echo changed >${file}; echo made >${join(directory, "made")}` }),
    one("read", { filePath: file }),
    one("grep", { pattern: "local", path: directory }),
    one("glob", { pattern: "*.txt", path: directory }),
    one("edit", { filePath: file, oldString: "this is", newString: "that was" }),
    one("write", { filePath: join(directory, "written"), content: "x" }),
  ];
}

async function attempt(
  cliPath: string,
  config: object,
  prepare?: (home: OpencodeHome) => Promise<void>,
  env = {},
): Promise<Session> {
  const turns: ScriptedTurn[] = [];
  return await runSession(remote, {
    cli: cliPath,
    config,
    env,
    turns,
    prepare: async (home) => {
      turns.push(...localCalls(join(home.root, "start")));
      await prepare?.(home);
    },
  });
}

function expectClosed(session: Session): void {
  // OpenCode did run and the model was asked: nothing happened for want of trying would prove nothing.
  expect(session).toMatchObject({ exitCode: 0, timedOut: false });
  expect(session.asked).toBeGreaterThan(0);
  expect(session.sessionDirectory).toEqual([]);
  expect(session.local).toEqual(decoys);
  expect(session.parts.filter((part) => part.status === "completed" && part.tool !== "invalid")).toEqual([]);
  expect(session.seen.join("\n")).not.toMatch(/this is the local machine|hello\.txt$|ran elsewhere/m);
}

describe("with the server plugin missing or broken nothing runs on the local machine", () => {
  test.each(plugins)("plugin %s, everything allowed", async (name, index) => {
    expectClosed(await attempt(await distWith(name, index), wideOpen));
  });

  test.each(users)("plugin missing, the user has configured: %s", async (_name, config, prepare) => {
    expectClosed(await attempt(await distWith("missing again", undefined), config, prepare));
  });

  test("plugin missing, an agent with rules of its own: each tool that is offered refuses", async () => {
    const rules = { agent: { build: { permission: { "*": "allow", bash: "allow", edit: "allow", read: "allow" } } } };
    const session = await attempt(await distWith("missing still", undefined), rules);
    expectClosed(session);
    expect(session.seen.length).toBe(6);
    for (const text of session.seen) expect(text).toMatch(/Remote Code is not running|unavailable tool/);
  });

  test("plugin missing, the model works by patches", async () => {
    const rules = { agent: { build: { permission: { "*": "allow", edit: "allow" } } } };
    const patchText = "*** Begin Patch\n*** Add File: made.txt\n+made\n*** End Patch";
    const session = await runSession(remote, {
      cli: await distWith("missing for patches", undefined),
      config: rules,
      model: "gpt-5-mock",
      turns: [{ calls: [{ name: "apply_patch", arguments: { patchText } }] }],
    });
    expectClosed(session);
    expect(session.seen).toEqual([expect.stringContaining("Remote Code is not running")]);
  });

  test("plugin missing, the environment allows everything and switches project configuration off", async () => {
    const env = {
      OPENCODE_PERMISSION: JSON.stringify({ "*": "allow", bash: "allow" }),
      OPENCODE_CONFIG_CONTENT: JSON.stringify(wideOpen),
      OPENCODE_DISABLE_PROJECT_CONFIG: "1",
    };
    expectClosed(await attempt(await distWith("missing once more", undefined), {}, undefined, env));
  });

  test("plugin there, but plugins are switched off", async () => {
    expectClosed(await attempt(cli, wideOpen, undefined, { OPENCODE_PURE: "1" }));
  });
});

describe("with the server plugin running", () => {
  test("the user's own rules count again, in every respect", async () => {
    const session = await runSession(remote, {
      config: { permission: { bash: { "*": "allow", "git push*": "deny" } } },
      turns: [
        { calls: [{ name: "bash", arguments: { command: "git push origin main" } }] },
        { calls: [{ name: "bash", arguments: { command: "echo $((6*7))" } }] },
      ],
    });
    const [denied, allowed] = session.parts;
    expect(denied).toMatchObject({ status: "error" });
    expect(denied?.output).toContain(
      "The user has specified a rule which prevents you from using this specific tool call",
    );
    expect(allowed).toMatchObject({ status: "completed", output: "42\n" });
  });

  test("plan mode may look but not change", async () => {
    await remote.sh("echo before >plan.txt");
    const session = await runSession(remote, {
      extraArgs: ["--agent", "plan"],
      turns: [
        { calls: [{ name: "read", arguments: { filePath: "plan.txt" } }] },
        { calls: [{ name: "write", arguments: { filePath: "plan.txt", content: "after" } }] },
      ],
    });
    expect(session.parts.map((part) => part.status)).toEqual(["completed", "error"]);
    expect(await remote.sh("cat plan.txt")).toBe("before\n");
  });
});
