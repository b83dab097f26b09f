import { describe, expect, test } from "vitest";
import { parseInvocation, usage } from "../../../src/launch/arguments.ts";

describe("an invocation", () => {
  test.each([
    ["", { kind: "open", location: undefined, rest: [] }],
    ["dev@box:/srv", { kind: "open", location: "dev@box:/srv", rest: [] }],
    ["box -- run hello --model x", { kind: "open", location: "box", rest: ["run", "hello", "--model", "x"] }],
    ["-- --continue", { kind: "open", location: undefined, rest: ["--continue"] }],
    ["box -- a -- b", { kind: "open", location: "box", rest: ["a", "--", "b"] }],
    ["--demo", { kind: "demo", tui: false }],
    ["--tui --demo", { kind: "demo", tui: true }],
    ["-h", { kind: "help" }],
    ["box --help", { kind: "help" }],
    ["--version", { kind: "version" }],
    ["-- --help", { kind: "open", location: undefined, rest: ["--help"] }],
  ])("%j is understood", (line, expected) => {
    expect(parseInvocation(line.split(" ").filter(Boolean))).toEqual(expected);
  });

  test.each([
    ["--bogus", /^--bogus is not an option of remote-opencode; put OpenCode's own after --\.$/],
    ["--demo --bogus", /^--bogus is not an option/],
    ["box -x", /^-x is not an option/],
    ["--demo=yes", /^--demo=yes is not an option/],
    ["--tui", /^--tui goes with --demo\.$/],
    ["a b c", /^One host at a time: b c is too much/],
    ["--demo box", /^--demo brings its own host/],
  ])("%j is refused with what to change", (line, problem) => {
    const invocation = parseInvocation(line.split(" "));
    expect(invocation).toMatchObject({ kind: "wrong", problem: expect.stringMatching(problem) });
  });
});

test("every option is in the help text", () => {
  for (const option of ["--demo", "--tui", "--help", "--version"]) expect(usage).toContain(option);
});
