import { expect, test } from "vitest";
import { baselineOf, sha256 } from "../../../src/remote/baseline.ts";

test("a baseline tells size, hash and checksum of the bytes", () => {
  expect(baselineOf(Buffer.from("abc"), "token")).toEqual({
    size: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    cksum: 1219131554,
    token: "token",
  });
  expect(sha256(new Uint8Array())).toMatch(/^e3b0c442/);
});
