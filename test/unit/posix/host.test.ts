import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ShellHost } from "../../../src/posix/host.ts";
import { RemoteError } from "../../../src/remote/error.ts";

/** A host whose settings cannot even be resolved; counts how often it is asked for them. */
function failing(code: "config" | "auth_failed" | "host_key_unknown") {
  let asked = 0;
  const host = new ShellHost({
    identity: { user: "dev", host: "box", port: 22 },
    async open() {
      asked++;
      throw new RemoteError(code, "No.");
    },
  });
  return { host, asked: () => asked };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(["config", "host_key_unknown"] as const)(
  "after %s the next call tries again: the user may have mended it",
  async (code) => {
    const { host, asked } = failing(code);
    for (const times of [1, 2, 3]) {
      await expect(host.shell.exec("true")).rejects.toMatchObject({ code });
      expect(asked()).toBe(times);
    }
  },
);

test("a refused login is not repeated for half a minute, because servers count", async () => {
  const { host, asked } = failing("auth_failed");
  for (let call = 0; call < 3; call++) {
    await expect(host.files.list("/" as never)).rejects.toMatchObject({ code: "auth_failed" });
  }
  expect(asked()).toBe(1);
  expect(host.state).toEqual({ kind: "failed", reason: "No." });
  vi.advanceTimersByTime(30_001);
  await expect(host.shell.exec("true")).rejects.toMatchObject({ code: "auth_failed" });
  expect(asked()).toBe(2);
});
