import type { PluginInput } from "@opencode-ai/plugin";
import { afterEach, expect, test, vi } from "vitest";
import { server } from "../../../src/plugin/server.ts";

/** The plugin uses nothing of it before a tool is called. */
const input = { client: {} } as PluginInput;

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the passwords leave the environment, which MCP servers and formatters inherit, at every start", async () => {
  vi.stubEnv("REMOTE_SSH", "ssh -p not-a-port box");
  for (let start = 0; start < 2; start++) {
    vi.stubEnv("REMOTE_PASSWORD", "hunter2");
    vi.stubEnv("REMOTE_SUDO_PASSWORD", "hunter3");
    const hooks = await server(input);
    expect(Object.keys(hooks.tool ?? {})).toHaveLength(7);
    expect(JSON.stringify(process.env)).not.toMatch(/hunter/);
  }
});

test("a second start still knows them", async () => {
  vi.stubEnv("REMOTE_SSH", "ssh box");
  vi.stubEnv("REMOTE_SUDO_PASSWORD", "a line\nbreak");
  const call = async () => {
    const { bash } = (await server(input)).tool ?? {};
    return await bash?.execute({ command: "true" }, {} as never).catch((error: Error) => error.message);
  };
  expect(await call()).toMatch(/REMOTE_SUDO_PASSWORD/);
  expect(process.env.REMOTE_SUDO_PASSWORD).toBeUndefined();
  expect(await call()).toMatch(/REMOTE_SUDO_PASSWORD/);
});
