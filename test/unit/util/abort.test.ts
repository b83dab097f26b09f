import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { onAbort, raceAbort } from "../../../src/util/abort.ts";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

describe("onAbort", () => {
  test("calls once, at once when it is too late to wait, and never without a signal", () => {
    const calls: string[] = [];
    const controller = new AbortController();
    onAbort(controller.signal, () => calls.push("waited"));
    onAbort(undefined, () => calls.push("never"))();
    expect(calls).toEqual([]);
    controller.abort();
    controller.abort();
    onAbort(controller.signal, () => calls.push("late"));
    expect(calls).toEqual(["waited", "late"]);
  });

  test("is taken back", () => {
    const controller = new AbortController();
    const off = onAbort(controller.signal, () => expect.unreachable());
    off();
    off();
    expect(listeners(controller.signal)).toBe(0);
    controller.abort();
  });
});

describe("raceAbort", () => {
  test("passes on what the promise does, and leaves no listener behind", async () => {
    const { signal } = new AbortController();
    await expect(raceAbort(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(raceAbort(Promise.reject(new Error("x")), signal)).rejects.toThrow("x");
    await expect(raceAbort(Promise.resolve(2), undefined)).resolves.toBe(2);
    expect(listeners(signal)).toBe(0);
  });

  test("rejects with the signal's own reason, also when it was aborted before", async () => {
    const controller = new AbortController();
    const never = new Promise<never>(() => {});
    const reason = { stop: true };
    const raced = raceAbort(never, controller.signal);
    controller.abort(reason);
    await expect(raced).rejects.toBe(reason);
    await expect(raceAbort(never, controller.signal)).rejects.toBe(reason);
  });

  test("a promise that fails after the abort is no unhandled rejection", async () => {
    const signal = AbortSignal.abort(new Error("stop"));
    let fail = (_: Error) => {};
    const late = new Promise<never>((_, reject) => {
      fail = reject;
    });
    await expect(raceAbort(late, signal)).rejects.toThrow("stop");
    fail(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
