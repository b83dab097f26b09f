import { expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";

test("an error carries its code, its data and its cause, and prints as its sentence", () => {
  const cause = new Error("below");
  const error = new RemoteError("conflict", "It changed.", { host: "box", path: "/f" }, { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "RemoteError", code: "conflict", data: { host: "box", path: "/f" }, cause });
  expect(String(error)).toBe("RemoteError: It changed.");
  expect(new RemoteError("io", "x").data).toEqual({});
});
