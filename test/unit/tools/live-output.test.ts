import { fail, promise, succeed, sync } from "effect/Effect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { showLive } from "../../../src/tools/live-output.ts";
import { deferred } from "../../../src/util/deferred.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call whose every update answers `answer`, and what it was shown. */
function call(answer: (output: unknown) => unknown = () => {}) {
  const shown: unknown[] = [];
  let text = "";
  const metadata = (update: { metadata?: Record<string, unknown> }): unknown => {
    shown.push(update.metadata?.output);
    return answer(update.metadata?.output);
  };
  const live = showLive({ metadata }, () => text);
  const print = (more: string) => {
    text += more;
    live.changed();
  };
  return { shown, live, print };
}

describe("updates", () => {
  test("begin at once, then come at most every 200 ms, and only when there is something else to show", async () => {
    const { shown, live, print } = call();
    expect(shown).toEqual([""]);
    for (let ms = 0; ms < 1000; ms += 10) {
      print("x");
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(shown.length).toBeGreaterThanOrEqual(5);
    expect(shown.length).toBeLessThanOrEqual(6);
    await vi.advanceTimersByTimeAsync(300);
    expect(shown.at(-1)).toBe("x".repeat(100));
    const count = shown.length;
    live.changed();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(shown.length).toBe(count);
    await live.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("wait for the one before", async () => {
    const first = deferred<void>();
    const { shown, live, print } = call((output) => (output === "" ? first.promise : undefined));
    print("a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown).toEqual([""]);
    first.resolve();
    await vi.advanceTimersByTimeAsync(200);
    expect(shown).toEqual(["", "a"]);
    await live.stop();
  });

  test("end with stop, which waits for the one on its way", async () => {
    const update = deferred<void>();
    const { shown, live, print } = call(() => update.promise);
    print("a");
    let isOver = false;
    const stopped = live.stop().then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(50);
    expect(isOver).toBe(false);
    update.resolve();
    await stopped;
    print("b");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown).toEqual([""]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that hang hold the answer for no longer than 100 ms", async () => {
    const { live } = call(() => new Promise(() => {}));
    let isOver = false;
    void live.stop().then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(isOver).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("whatever OpenCode makes of an update", () => {
  test("an Effect is run", async () => {
    const ran: unknown[] = [];
    const { live } = call((output) => sync(() => ran.push(output)));
    await live.stop();
    expect(ran).toEqual([""]);
  });

  test.each<[string, () => unknown]>([
    ["an Effect that succeeds", () => succeed(1)],
    ["an Effect that fails", () => fail(new Error("no"))],
    ["an Effect that dies", () => promise(() => Promise.reject(new Error("no")))],
    ["a promise", () => Promise.resolve()],
    ["a promise that rejects", () => Promise.reject(new Error("no"))],
    ["nothing", () => undefined],
    [
      "an exception",
      () => {
        throw new Error("no");
      },
    ],
    ["an Effect of a version that nobody can run", () => ({ "~effect/Effect": {} })],
  ])("%s does not end the updates and is not an error", async (_name, answer) => {
    const { shown, live, print } = call(answer);
    await vi.advanceTimersByTimeAsync(200);
    print("a");
    await vi.advanceTimersByTimeAsync(200);
    expect(shown).toEqual(["", "a"]);
    await live.stop();
  });
});
