import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Queue } from "../../../src/ssh/queue.ts";
import type { Session } from "../../../src/ssh/session.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A queue before a session with so many channels. */
function queueOf(limit: number) {
  let calls = 0;
  const session = {
    limit,
    hasReady: false,
    get free() {
      return limit - calls;
    },
    enter() {
      calls++;
      return () => {
        calls--;
      };
    },
  };
  const options = { host: "box", keptForFiles: 2, onWait: () => {}, onLeave: () => {} };
  return new Queue([session as Session], options);
}

/** How a call ended so far. */
function watch(call: Promise<unknown>) {
  const seen = { ended: "" };
  call.then(
    () => {
      seen.ended = "admitted";
    },
    (error: { code?: string }) => {
      seen.ended = error.code ?? "";
    },
  );
  return seen;
}

test("a call that finds every channel taken waits a minute, a command as long as it might run", async () => {
  const queue = queueOf(1);
  await queue.enter("command");
  const file = watch(queue.enter("file"));
  const short = watch(queue.enter("command", { timeoutMs: 500 }));
  const long = watch(queue.enter("command", { timeoutMs: 3_600_000 }));
  await vi.advanceTimersByTimeAsync(59_000);
  expect([file.ended, short.ended, long.ended]).toEqual(["", "", ""]);
  await vi.advanceTimersByTimeAsync(1_001);
  expect([file.ended, short.ended, long.ended]).toEqual(["unsupported", "unsupported", ""]);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(long.ended).toBe("unsupported");
  expect(vi.getTimerCount()).toBe(0);
});

test("waiting files go before waiting commands, each in the order of asking", async () => {
  const queue = queueOf(1);
  const order: string[] = [];
  const first = await queue.enter("command");
  const ask = async (name: string, lane: "file" | "command") => {
    const slot = await queue.enter(lane);
    order.push(name);
    slot.leave();
  };
  const calls = [
    ask("command 1", "command"),
    ask("command 2", "command"),
    ask("file 1", "file"),
    ask("file 2", "file"),
  ];
  first.leave();
  await Promise.all(calls);
  expect(order).toEqual(["file 1", "file 2", "command 1", "command 2"]);
});

test("a place that comes to a call that has just given up goes to the next one", async () => {
  const queue = queueOf(1);
  const first = await queue.enter("command");
  const stop = new AbortController();
  const given = queue.enter("command", { signal: stop.signal });
  const next = watch(queue.enter("command"));
  first.leave();
  stop.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  await vi.advanceTimersByTimeAsync(0);
  expect(next.ended).toBe("admitted");
});
