import { expect, test } from "vitest";
import { assembleList } from "../../../src/config/algorithm-lists.ts";

const list = { takesPatterns: true, standard: ["b1", "b2", "c"], all: ["a", "b1", "b2", "c", "d1", "d2"] };

test.each([
  ["+a", ["b1", "b2", "c", "a"]],
  ["+b1,d*", ["b1", "b2", "c", "d1", "d2"]],
  ["^c,a", ["c", "a", "b1", "b2"]],
  ["-b*", ["c"]],
  ["-b?,x", ["c"]],
  ["d2,a", ["d2", "a"]],
  ["b*", ["b1", "b2"]],
  ["-nothing", ["b1", "b2", "c"]],
  ["typo", undefined],
  ["+typo", undefined],
  ["a,,c", undefined],
  ["-*", undefined],
])("%s", (value, expected) => {
  expect(assembleList(value, list)).toEqual(expected);
});

test("patterns stand for names of keys only", () => {
  expect(assembleList("b*", { ...list, takesPatterns: false })).toBeUndefined();
  expect(assembleList("-b*", { ...list, takesPatterns: false })).toEqual(["c"]);
});
