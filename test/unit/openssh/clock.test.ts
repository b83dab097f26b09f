import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Clock } from "../../../src/openssh/clock.ts";
import { deferred } from "../../../src/util/deferred.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("the time of a question does not count, the rest does", async () => {
  const expired = vi.fn();
  const clock = new Clock(1_000, expired);
  vi.advanceTimersByTime(600);
  const answer = deferred<string>();
  const asked = clock.standStill(() => answer.promise);
  vi.advanceTimersByTime(60_000);
  answer.resolve("yes");
  expect(await asked).toBe("yes");
  vi.advanceTimersByTime(399);
  expect(expired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(expired).toHaveBeenCalledOnce();
});

test("after its end nothing starts it again", async () => {
  const expired = vi.fn();
  const clock = new Clock(1_000, expired);
  const answer = deferred<void>();
  const asked = clock.standStill(() => answer.promise);
  clock.end();
  answer.resolve();
  await asked;
  vi.advanceTimersByTime(5_000);
  expect(expired).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
