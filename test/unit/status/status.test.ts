import { describe, expect, test } from "vitest";
import { askForStatus, decodeStatus, encodeStatus, isStatusQuestion, type Status } from "../../../src/status/status.ts";

const connected: Status = { machine: "dev@box:2222", path: '/srv/a b\'s "é"', state: "connected" };
const failed: Status = { machine: "dev@box", path: "~", state: "failed", reason: "No route.\nReally." };

describe("a status", () => {
  test.each([connected, failed])("travels as one command and comes back as it was", (status) => {
    expect(decodeStatus(encodeStatus(status))).toEqual(status);
    expect(isStatusQuestion(encodeStatus(status))).toBe(false);
  });

  test("is not read from other commands, broken text or what does not fit", () => {
    const good = encodeStatus(connected);
    const foreign = [
      "",
      "session.new",
      askForStatus(),
      good.slice(0, -1),
      `x${good}`,
      good.replace("connected", "fine"),
      good.replace('"machine"', '"other"'),
      encodeStatus(connected).replace(/\{.*/, "null"),
    ];
    for (const command of foreign) expect(decodeStatus(command), command).toBeUndefined();
  });
});

test("the question is known as such, and is no status", () => {
  expect(isStatusQuestion(askForStatus())).toBe(true);
  expect(isStatusQuestion("session.new")).toBe(false);
});
