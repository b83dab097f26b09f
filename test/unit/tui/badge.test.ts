import { expect, test } from "vitest";
import { badge } from "../../../src/tui/badge.ts";

const at = { machine: "dev@box", path: "/srv" };

test.each([
  ["idle", "textMuted"],
  ["connecting", "warning"],
  ["connected", "success"],
  ["failed", "error"],
] as const)("%s shows machine and directory in %s", (state, tone) => {
  const shown = badge({ ...at, state }, false);
  expect(shown.text).toContain("dev@box:/srv");
  expect(shown.tone).toBe(tone);
  // A status that has come counts, however late.
  expect(badge({ ...at, state }, true)).toEqual(shown);
});

test("silence claims nothing at first and is an error once it is overdue", () => {
  expect(badge(undefined, false).text).toBe("");
  expect(badge(undefined, true)).toMatchObject({ text: expect.stringMatching(/not running/), tone: "error" });
});
