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

test("a failure says why, in what fits beside the prompt", () => {
  const reason = `The working directory /srv on box does not exist;\n${" and so on".repeat(20)}`;
  const { text } = badge({ ...at, state: "failed", reason }, false);
  expect(text).toMatch(/^🌐 dev@box:\/srv ✗ The working directory \/srv on box does not exist; and so.*…$/);
  expect(text.length).toBeLessThan(90);
  expect(badge({ machine: "", path: "", state: "failed", reason: "REMOTE_SSH names no host" }, false).text).toBe(
    "✗ REMOTE_SSH names no host",
  );
});
