import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createOpencodeHome } from "../support/opencode-home.ts";
import { startTui } from "../support/tui.ts";

const launcher = fileURLToPath(new URL("../../launchers/remote-opencode.sh", import.meta.url));

test("--demo lets the real OpenCode fix the program on a throwaway host, tells each step and leaves nothing", async () => {
  await using home = await createOpencodeHome();
  const child = spawn(launcher, ["--demo"], { env: home.env, stdio: ["ignore", "pipe", "pipe"], timeout: 100_000 });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  const steps = [...stdout.matchAll(/^▶ (\w+)/gm)].map((match) => match[1]);
  expect(steps).toEqual(["glob", "bash", "read", "edit", "bash"]);
  expect(stdout).toContain("  │ FAILED: 1 + 2 + 3 = -6, expected 6");
  expect(stdout).toContain("  │ ok: 1 + 2 + 3 = 6");
  expect(stdout).toMatch(/✓ The remote program's test passes\.\n$/);
  expect(code).toBe(0);
  const left = (await readdir(home.env.TMPDIR ?? tmpdir())).filter((name) => /remote-code|demo-host/.test(name));
  expect(left).toEqual([]);
});

test("--demo takes nothing of the user's own settings", async () => {
  await using home = await createOpencodeHome();
  const env = {
    ...home.env,
    OPENCODE_PERMISSION: "{ no JSON",
    OPENCODE_CONFIG_CONTENT: JSON.stringify({ model: "nobody/nothing" }),
    OPENCODE_PURE: "1",
    REMOTE_POOL_COMMAND_SIZE: "many",
  };
  const child = spawn(launcher, ["--demo"], { env, stdio: "ignore", timeout: 100_000 });
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  expect(code).toBe(0);
});

test("--demo --tui shows the same in OpenCode's own screen, with the machine beside the prompt", async () => {
  await using home = await createOpencodeHome();
  await using tui = await startTui({
    command: launcher,
    args: ["--demo", "--tui"],
    env: home.env,
    width: 160,
    height: 50,
  });
  await tui.waitFor(/ok: 1 \+ 2 \+ 3 = 6/, 90_000);
  expect(await tui.waitFor(/the test passes/, 30_000)).toMatch(/🌐 ?demo@127\.0\.0\.1:\d+:\//);
});
