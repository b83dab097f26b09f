import { expect, test } from "vitest";
import { mirrorDirectory } from "../../../src/plugin/mirror-name.ts";

const identity = { user: "dev", host: "box", port: 22 };

test("a mirror's directory is readable and lies in the base", () => {
  expect(mirrorDirectory("/cache", identity, "SHA256:k", "/srv")).toMatch(/^\/cache\/dev@box-[0-9a-f]{16}$/);
});

test("it is the same for the same target and another for every other", () => {
  const name = (change: Partial<typeof identity> = {}, key = "SHA256:k", root = "/srv") =>
    mirrorDirectory("/cache", { ...identity, ...change }, key, root);
  expect(name()).toBe(name());
  const others = [
    name(),
    name({ user: "de" }),
    name({ host: "box2" }),
    name({ host: "Box" }),
    name({ port: 2222 }),
    name({}, "SHA256:other"),
    name({}, "SHA256:k", "/srv/app"),
    name({}, "SHA256:k", "~"),
    name({ user: "dev@box", host: "" }),
  ];
  expect(new Set(others).size).toBe(others.length);
});

test("nothing that a user or host is called leads out of the base", () => {
  const evil = { user: "../../etc", host: "a/b\\c:d\0\n*?", port: 22 };
  expect(mirrorDirectory("/cache", evil, "k", "/")).toMatch(/^\/cache\/[\w@.-]+$/);
  expect(mirrorDirectory("/cache", { ...identity, host: "x".repeat(500) }, "k", "/").length).toBeLessThan(100);
});
