import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pause } from "../../../src/util/pause.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("lasts as long as it is told to", async () => {
  const done = vi.fn();
  const paused = pause(1000, new AbortController().signal).then(done);
  await vi.advanceTimersByTimeAsync(999);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await paused;
  expect(done).toHaveBeenCalledTimes(1);
});

test("ends with an abort and leaves no timer", async () => {
  const abort = new AbortController();
  const paused = pause(1000, abort.signal);
  abort.abort(new Error("enough"));
  await expect(paused).rejects.toThrow("enough");
  await expect(pause(1000, abort.signal)).rejects.toThrow("enough");
  expect(vi.getTimerCount()).toBe(0);
});
