import type { Hooks } from "@opencode-ai/plugin";
import { expect, test } from "vitest";
import { type ShellEnv, shellEnv } from "../../../src/plugin/shell-env.ts";

type Hook = NonNullable<Hooks["shell.env"]>;

/** OpenCode's part: it runs the hooks on one object and cannot open the terminal. */
function opencodeWith(hooks: () => Hook[]) {
  const cwds: string[] = [];
  const create = async ({ body }: { body: { cwd: string } }) => {
    cwds.push(body.cwd);
    const output = { env: {} };
    for (const hook of hooks()) await hook({ cwd: body.cwd }, output);
    throw new Error("PTY spawn failed");
  };
  return { client: { pty: { create } }, cwds };
}

const setting =
  (name: string, value: unknown): Hook =>
  async (_input, output) =>
    void Object.assign(output.env, { [name]: value });

test("what the hooks of plugins before and after ours set is told, and nothing about this machine", async () => {
  const before = [setting("A", "it's"), setting("PATH", "/local"), setting("not a name", "x"), setting("N", 5)];
  const opencode = opencodeWith(() => [...before, source.hook, setting("B", "two\nlines"), setting("NUL", "a\0b")]);
  const source: ShellEnv = shellEnv(opencode.client, "/session");
  source.onPlugins(["ours", "theirs"]);
  expect(await source.variables(undefined)).toEqual({ A: "it's", B: "two\nlines" });
});

test("calls at the same time each get their own", async () => {
  const telling: Hook = async ({ cwd }, output) => {
    output.env.CWD = cwd;
  };
  const opencode = opencodeWith(() => [source.hook, telling]);
  const source: ShellEnv = shellEnv(opencode.client, "/session");
  source.onPlugins(["ours", "theirs"]);
  const got = await Promise.all([1, 2, 3].map(() => source.variables(undefined)));
  expect(got.map(({ CWD }) => CWD)).toEqual(opencode.cwds);
  expect(new Set(opencode.cwds).size).toBe(3);
});

test("nobody is asked where there are no other plugins", async () => {
  const opencode = opencodeWith(() => []);
  const source: ShellEnv = shellEnv(opencode.client, "/session");
  source.onPlugins(["ours"]);
  expect(await source.variables(undefined)).toEqual({});
  expect(opencode.cwds).toEqual([]);
});

test("a terminal that somebody else opens is none of ours; an abort ends the wait", async () => {
  const opencode = opencodeWith(() => [source.hook, () => new Promise(() => {})]);
  const source: ShellEnv = shellEnv(opencode.client, "/session");
  source.onPlugins(["ours", "theirs"]);
  await source.hook({ cwd: "/session" }, { env: { A: "1" } });
  await expect(source.variables(AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});
