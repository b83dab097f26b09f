import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type OpenOptions, ShellHost, type ShellSession } from "../../../src/posix/host.ts";
import { RemoteError, type RemoteErrorCode } from "../../../src/remote/error.ts";
import type { ExecResult } from "../../../src/remote/shell.ts";
import { type Deferred, deferred } from "../../../src/util/deferred.ts";

const identity = { user: "dev", host: "box", port: 22 };
const done: ExecResult = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ended: "exited", exitCode: 0 };
const failure = (code: RemoteErrorCode) => new RemoteError(code, `No: ${code}.`);

interface FakeSession extends ShellSession {
  end: Deferred<RemoteError>;
}

function fakeSession(exec: ShellSession["exec"] = async () => done): FakeSession {
  const end = deferred<RemoteError>();
  return {
    identity,
    hostKey: "SHA256:x",
    notices: [],
    closed: end.promise,
    end,
    exec,
    async [Symbol.asyncDispose]() {},
  };
}

/** A host whose logins go as the test says, one after the other; the last one stands for all that follow. */
function hostWith(...logins: (RemoteErrorCode | FakeSession)[]) {
  const asked: OpenOptions[] = [];
  const host = new ShellHost({
    identity,
    async open(options) {
      const login = logins[Math.min(asked.length, logins.length - 1)];
      asked.push(options);
      if (login === undefined || typeof login === "string") throw failure(login ?? "unreachable");
      return login;
    },
  });
  return { host, asked };
}

describe("a login that failed", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(["config", "host_key_unknown", "unreachable"] as const)(
    "for %s: the next call tries again, once: the user may have mended it",
    async (code) => {
      const { host, asked } = hostWith(code);
      for (const times of [1, 2, 3]) {
        await expect(host.shell.exec("true")).rejects.toMatchObject({ code });
        expect(asked).toHaveLength(times);
      }
    },
  );

  test("because it was refused is not repeated for half a minute, then ever longer: servers count", async () => {
    const { host, asked } = hostWith("auth_failed");
    for (let call = 0; call < 3; call++) {
      await expect(host.files.list("/" as never)).rejects.toMatchObject({ code: "auth_failed" });
    }
    expect(asked).toHaveLength(1);
    expect(host.state).toEqual({ kind: "failed", reason: "No: auth_failed." });
    vi.advanceTimersByTime(30_001);
    await expect(host.shell.exec("true")).rejects.toMatchObject({ code: "auth_failed" });
    expect(asked).toHaveLength(2);
    for (const [waitMs, times] of [
      [30_001, 2],
      [60_000, 3],
      [269_000, 3],
      [1_001, 4],
    ] as const) {
      vi.advanceTimersByTime(waitMs);
      await expect(host.shell.exec("true")).rejects.toMatchObject({ code: "auth_failed" });
      expect(asked).toHaveLength(times);
    }
  });
});

describe("after the link died", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function lost(...logins: (RemoteErrorCode | FakeSession)[]) {
    const first = fakeSession();
    const bench = hostWith(first, ...logins);
    await bench.host.connect();
    first.end.resolve(failure("connection_lost"));
    await first.closed;
    return bench;
  }

  test("nothing logs in again by itself; the state says why", async () => {
    const { host, asked } = await lost("unreachable");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.state).toEqual({ kind: "failed", reason: "No: connection_lost." });
    expect(asked).toHaveLength(1);
  });

  test("the next call tries until the machine is back, waiting longer each time", async () => {
    const { host, asked } = await lost("unreachable", "connect_timeout", "unresolved", fakeSession());
    const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
    const call = host.shell.exec("true");
    for (const [afterMs, attempts] of [
      [0, 2],
      [374, 2],
      [2, 3],
      [747, 3],
      [2, 4],
      [1_500, 5],
    ] as const) {
      await vi.advanceTimersByTimeAsync(afterMs);
      expect(asked).toHaveLength(attempts);
    }
    random.mockRestore();
    expect(await call).toBe(done);
    expect(asked).toHaveLength(5);
  });

  test("it gives up within fifteen seconds and says why", async () => {
    const { host, asked } = await lost("unreachable");
    const call = expect(host.shell.exec("true")).rejects.toMatchObject({ code: "unreachable" });
    await vi.advanceTimersByTimeAsync(15_000);
    await call;
    expect(asked.length).toBeLessThan(9);
    for (const { timeoutMs } of asked.slice(1)) expect(timeoutMs).toBeLessThanOrEqual(15_000);
    expect(asked.at(-1)?.timeoutMs).toBeLessThan(10_000);
  });

  test.each(["auth_failed", "host_key_changed", "host_key_unknown", "config"] as const)(
    "a login that ends as %s is not tried again",
    async (code) => {
      const { host, asked } = await lost(code);
      await expect(host.shell.exec("true")).rejects.toMatchObject({ code });
      expect(asked).toHaveLength(2);
    },
  );

  test.each([
    [{ hostKey: "SHA256:y" }, "host_key_changed", "box is now another machine than at the start of this session"],
    [{ identity: { ...identity, user: "ops" } }, "config", "The ssh settings for box now lead to the account ops"],
  ] as const)("settings that lead elsewhere by now are not followed: %o", async (changed, code, sentence) => {
    let isDisposed = false;
    const elsewhere = {
      ...fakeSession(),
      ...changed,
      async [Symbol.asyncDispose]() {
        isDisposed = true;
      },
    };
    const { host, asked } = await lost(elsewhere, fakeSession());
    await expect(host.shell.exec("true")).rejects.toMatchObject({ code, message: expect.stringContaining(sentence) });
    expect(host.state.kind).toBe("failed");
    expect(host.identity).toEqual(identity);
    expect(isDisposed).toBe(true);
    // Mended: the next call finds the first machine again.
    expect(await host.shell.exec("true")).toBe(done);
    expect(asked).toHaveLength(3);
  });

  test("disposal ends the waiting at once", async () => {
    const { host } = await lost("unreachable");
    const call = expect(host.shell.exec("true")).rejects.toMatchObject({ code: "closed" });
    await vi.advanceTimersByTimeAsync(0);
    await host[Symbol.asyncDispose]();
    await call;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a call whose link turns out to be dead", () => {
  test("goes once over a login of its own when nothing of it was sent", async () => {
    const dead = fakeSession(async () => {
      throw failure("connection_lost");
    });
    dead.end.resolve(failure("connection_lost"));
    const { host, asked } = hostWith(dead, fakeSession());
    expect(await host.shell.exec("true")).toBe(done);
    expect(asked).toHaveLength(2);
  });

  test("is never sent twice when it may have been sent", async () => {
    const unknown: ExecResult = { ...done, ended: "unknown", exitCode: undefined };
    let sent = 0;
    const dying = fakeSession(async () => {
      sent++;
      return unknown;
    });
    const { host, asked } = hostWith(dying);
    expect(await host.shell.exec("rm -rf x")).toBe(unknown);
    expect(sent).toBe(1);
    expect(asked).toHaveLength(1);
  });

  test("fails when the second link is dead, too", async () => {
    const dead = () =>
      fakeSession(async () => {
        throw failure("connection_lost");
      });
    const { host } = hostWith(dead(), dead());
    await expect(host.shell.exec("true")).rejects.toMatchObject({ code: "connection_lost" });
  });
});
