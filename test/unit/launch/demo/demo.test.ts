import { expect, test } from "vitest";
import { demo, withoutSettings } from "../../../../src/launch/demo/demo.ts";

test("on Windows the demo is refused in one sentence", async () => {
  const options = { opencode: "opencode.exe", env: {}, cli: import.meta.url, tui: false, platform: "win32" } as const;
  await expect(demo(options)).rejects.toThrow(/^The demo's throwaway host runs \/bin\/sh.*Linux or macOS\.$/);
});

test("settings of the user's own sessions are left out, the rest stays", () => {
  const own = ["CONFIG", "CONFIG_DIR", "CONFIG_CONTENT", "PERMISSION", "TUI_CONFIG", "PURE", "DB"];
  const env = {
    ...Object.fromEntries(own.map((name) => [`OPENCODE_${name}`, "x"])),
    REMOTE_PASSWORD: "x",
    REMOTE_POOL_COMMAND_SIZE: "x",
    PATH: "/bin",
    MY_REMOTE_SSH: "kept",
  };
  expect(withoutSettings(env)).toEqual({ PATH: "/bin", MY_REMOTE_SSH: "kept" });
});
