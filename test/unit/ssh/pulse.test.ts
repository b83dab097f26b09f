import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pulse, pulseTimes } from "../../../src/ssh/pulse.ts";

const start = (unsent = () => 0) => {
  const ask = vi.fn();
  const silent = vi.fn();
  return { ask, silent, pulse: new Pulse({ ask, silent, unsent }) };
};

const { quietMs, answerMs, tickMs, lateMs } = pulseTimes;

describe("the pulse of a connection", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("together with a slow call it answers within 15 s", () => {
    expect(answerMs).toBeLessThanOrEqual(10_000);
  });

  test("costs nothing while data comes in", () => {
    const { pulse, ask } = start();
    for (let i = 0; i < 100; i++) {
      vi.advanceTimersByTime(quietMs - 1);
      pulse.check();
      pulse.heard();
    }
    expect(ask).not.toHaveBeenCalled();
    pulse.stop();
  });

  test("asks once after a quiet time, and gives the line up when nothing comes back", () => {
    const { pulse, ask, silent } = start();
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    pulse.check();
    expect(ask).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(answerMs);
    expect(silent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(silent).toHaveBeenCalledTimes(1);
    pulse.stop();
  });

  test("what came in while this process was busy is an answer, too", () => {
    const { pulse, silent } = start();
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    vi.advanceTimersByTime(answerMs);
    pulse.heard();
    vi.advanceTimersByTime(answerMs);
    expect(silent).not.toHaveBeenCalled();
    pulse.stop();
  });

  test("anything that comes in is an answer", () => {
    const { pulse, silent } = start();
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    vi.advanceTimersByTime(answerMs - 1);
    pulse.heard();
    vi.advanceTimersByTime(answerMs * 3);
    expect(silent).not.toHaveBeenCalled();
    pulse.stop();
  });

  test("a slow line that still takes what is sent is alive", () => {
    let unsent = 3000;
    const { pulse, silent } = start(() => unsent);
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    for (; unsent > 0; unsent -= 1000) vi.advanceTimersByTime(answerMs - 1);
    expect(silent).not.toHaveBeenCalled();
    vi.advanceTimersByTime(answerMs * 2);
    expect(silent).toHaveBeenCalledTimes(1);
    pulse.stop();
  });

  test("nobody has to call: after a sleep the line is asked at once", () => {
    const { pulse, ask } = start();
    vi.advanceTimersByTime(tickMs * 10);
    expect(ask).not.toHaveBeenCalled();
    vi.setSystemTime(Date.now() + lateMs + 3_600_000);
    vi.advanceTimersByTime(tickMs);
    expect(ask).toHaveBeenCalledTimes(1);
    pulse.stop();
  });

  test("an answer that the machine slept through is asked for again", () => {
    const { pulse, ask, silent } = start();
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(answerMs + 1000);
    expect(silent).not.toHaveBeenCalled();
    expect(ask).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(answerMs + 1000);
    expect(silent).toHaveBeenCalledTimes(1);
    pulse.stop();
  });

  test("a clock that was set back makes it ask", () => {
    const { pulse, ask } = start();
    vi.setSystemTime(Date.now() - 3_600_000);
    pulse.check();
    expect(ask).toHaveBeenCalledTimes(1);
    pulse.stop();
  });

  test("leaves no timer behind", () => {
    const { pulse, silent } = start();
    vi.advanceTimersByTime(quietMs + 1);
    pulse.check();
    pulse.stop();
    expect(vi.getTimerCount()).toBe(0);
    pulse.heard();
    vi.advanceTimersByTime(answerMs * 2);
    expect(silent).not.toHaveBeenCalled();
  });
});
