import { expect, test } from "vitest";
import { deferred } from "../../../src/util/deferred.ts";

test("a deferred settles from outside, and only once", async () => {
  const good = deferred<number>();
  good.resolve(1);
  good.resolve(2);
  good.reject(new Error("late"));
  expect(await good.promise).toBe(1);
  const bad = deferred<number>();
  bad.reject(new Error("x"));
  await expect(bad.promise).rejects.toThrow("x");
});
