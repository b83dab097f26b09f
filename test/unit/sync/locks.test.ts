import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { keyedLocks } from "../../../src/sync/locks.ts";

/** Whether a promise is settled once everything that was ready to run has run. */
async function isFree(promise: Promise<unknown>): Promise<boolean> {
  let free = false;
  void promise.then(() => {
    free = true;
  });
  await turn();
  return free;
}

test("one key is given to one holder at a time, in the order of asking", async () => {
  const locks = keyedLocks();
  const order: number[] = [];
  let inside = 0;
  const task = async (n: number) => {
    const unlock = await locks.lock("k");
    expect(++inside).toBe(1);
    await turn();
    order.push(n);
    inside--;
    unlock();
  };
  await Promise.all([1, 2, 3, 4].map(task));
  expect(order).toEqual([1, 2, 3, 4]);
});

test("other keys are free meanwhile", async () => {
  const locks = keyedLocks();
  const unlock = await locks.lock("a");
  expect(await isFree(locks.lock("b"))).toBe(true);
  expect(await isFree(locks.lock("a"))).toBe(false);
  unlock();
});

test("unlocking twice does not free the next holder's lock", async () => {
  const locks = keyedLocks();
  const first = await locks.lock("k");
  const second = locks.lock("k");
  const third = locks.lock("k");
  first();
  first();
  const unlock = await second;
  expect(await isFree(third)).toBe(false);
  unlock();
  expect(await isFree(third)).toBe(true);
});

test("a key that was free for a while can be locked again", async () => {
  const locks = keyedLocks();
  (await locks.lock("k"))();
  await turn();
  const unlock = await locks.lock("k");
  expect(await isFree(locks.lock("k"))).toBe(false);
  unlock();
});

test("who gives up while waiting leaves the queue in order", async () => {
  const locks = keyedLocks();
  const first = await locks.lock("k");
  const controller = new AbortController();
  const second = locks.lock("k", controller.signal);
  const third = locks.lock("k");
  controller.abort(new Error("stop"));
  await expect(second).rejects.toThrow("stop");
  expect(await isFree(third)).toBe(false);
  first();
  (await third)();
  await locks.lock("k");
});
