import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cksum } from "../../../src/util/cksum.ts";

describe("the real cksum", () => {
  const real = (bytes: Uint8Array) => Number(execFileSync("cksum", { input: bytes }).toString().split(" ")[0]);

  test.each([0, 1, 2, 3, 4, 255, 256, 257, 65_535, 65_536, 1_000_003])("agrees on %d random bytes", (size) => {
    const bytes = randomBytes(size);
    expect(cksum(bytes), bytes.subarray(0, 64).toString("hex")).toBe(real(bytes));
  });

  test("agrees on bytes of one value", () => {
    for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
      const bytes = Buffer.alloc(1000, byte);
      expect(cksum(bytes), String(byte)).toBe(real(bytes));
    }
  });
});

test("it is that of the standard's empty input", () => {
  expect(cksum(new Uint8Array())).toBe(4294967295);
});
