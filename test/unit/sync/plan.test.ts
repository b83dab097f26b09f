import { describe, expect, test } from "vitest";
import type { ManifestEntry } from "../../../src/sync/manifest.ts";
import { planPull, planStore } from "../../../src/sync/plan.ts";

const [hash, other] = ["a".repeat(64), "b".repeat(64)];
const baseline: ManifestEntry = { realPath: "/f", size: 3, sha256: hash, cksum: 7, token: "T" };

describe("what the remote is told to be known", () => {
  test.each([
    ["no baseline, no mirror", undefined, undefined, undefined],
    ["a mirror without baseline", undefined, { size: 3, sha256: hash }, undefined],
    ["a baseline without mirror", baseline, undefined, undefined],
    ["both, the same", baseline, { size: 3, sha256: hash }, "T"],
    ["a mirror of other content", baseline, { size: 3, sha256: other }, undefined],
    ["a mirror of another size", baseline, { size: 4, sha256: hash }, undefined],
  ])("%s", (_name, entry, mirror, expected) => {
    expect(planPull(entry, mirror)).toBe(expected);
  });
});

describe("what follows the remote's answer", () => {
  test.each([
    ["unchanged", baseline, "use-mirror"],
    ["file", baseline, "store"],
    ["file", undefined, "store"],
    ["absent", baseline, "forget"],
    ["absent", undefined, "pass"],
    ["directory", baseline, "forget"],
    ["directory", undefined, "pass"],
  ] as const)("%s with baseline %j: %s", (answer, entry, expected) => {
    expect(planStore(answer, entry)).toBe(expected);
  });
});
