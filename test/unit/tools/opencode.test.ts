import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outputDirectory, outputLimits } from "../../../src/tools/opencode.ts";

test("saved outputs lie where OpenCode's data is", () => {
  expect(outputDirectory({ XDG_DATA_HOME: "/data" })).toBe(join("/data", "opencode", "tool-output"));
  expect(outputDirectory({})).toBe(join(homedir(), ".local", "share", "opencode", "tool-output"));
});

test.each([
  [{}, 2000, 51_200],
  [undefined, 2000, 51_200],
  [{ tool_output: { max_lines: 10 } }, 10, 51_200],
  [{ tool_output: { max_lines: 10, max_bytes: 99 } }, 10, 99],
  [{ tool_output: { max_lines: "many", max_bytes: -1 } }, 2000, 51_200],
])("the limits of %j are %d lines and %d bytes", (config, maxLines, maxBytes) => {
  expect(outputLimits(config)).toEqual({ maxLines, maxBytes });
});
