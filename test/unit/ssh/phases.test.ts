import { expect, test } from "vitest";
import { Phases } from "../../../src/ssh/phases.ts";

test("several may be in one phase, none in both", async () => {
  const phases = new Phases();
  const order: string[] = [];
  const first = await phases.enter("running");
  const second = await phases.enter("running");
  const opening = phases.enter("opening").then((leave) => {
    order.push("opening");
    return leave;
  });
  first();
  first();
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual([]);
  second();
  const leave = await opening;
  const running = phases.enter("running").then(() => order.push("running"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["opening"]);
  leave();
  await running;
  expect(order).toEqual(["opening", "running"]);
});

test("commands that wait go before channels that wait", async () => {
  const phases = new Phases();
  const order: string[] = [];
  const enter = async (phase: "opening" | "running", name: string) => {
    const leave = await phases.enter(phase);
    order.push(name);
    await new Promise((resolve) => setImmediate(resolve));
    leave();
  };
  await Promise.all([
    enter("opening", "channel 1"),
    enter("running", "command 1"),
    phases.enter("running").then((leave) => {
      order.push("command 2");
      leave();
    }),
    enter("opening", "channel 2"),
  ]);
  expect(order.slice(0, 2)).toEqual(["channel 1", "channel 2"]);
  expect(order).toHaveLength(4);
});
