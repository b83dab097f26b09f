import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startRemote } from "../support/remote.ts";
import { runSession } from "../support/session.ts";

const another = `export const Another = async () => ({
  "shell.env": async (input, output) => {
    output.env.FROM_PLUGIN = "it's a plugin's";
    output.env.PATH = "/nowhere";
  },
});`;

test("a command gets what other plugins set in their shell.env hooks, and OpenCode's own variables", async () => {
  await using remote = await startRemote();
  const command = 'echo "$FROM_PLUGIN|$AGENT|$OPENCODE"; command -v ls >/dev/null && echo found';
  const session = await runSession(remote, {
    turns: [{ calls: [{ name: "bash", arguments: { command } }] }],
    async prepare(home) {
      const plugins = join(home.env.XDG_CONFIG_HOME ?? "", "opencode/plugins");
      await mkdir(plugins, { recursive: true });
      await writeFile(join(plugins, "another.js"), another);
    },
  });
  expect(session.seen).toEqual(["it's a plugin's|1|1\nfound\n"]);
});
