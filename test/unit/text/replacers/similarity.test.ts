import { expect, it } from "vitest";
import { editDistance, similarity } from "../../../../src/text/replacers/similarity.ts";

it.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["flaw", "lawn", 2],
  ["same", "same", 0],
])("the distance of %j and %j is %d, in both directions", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

it("two empty strings say nothing about similarity", () => {
  expect(similarity("", "")).toBeUndefined();
  expect(similarity("ab", "ab")).toBe(1);
  expect(similarity("ab", "cd")).toBe(0);
});
