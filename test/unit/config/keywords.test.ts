import { expect, test } from "vitest";
import { canonicalKey, keywordOf, nearestKeyword } from "../../../src/config/keywords.ts";

test("a keyword is known in any case and spelled as ssh_config does", () => {
  expect(keywordOf("KEXALGORITHMS")).toEqual({ name: "KexAlgorithms", used: true });
  expect(keywordOf("sendenv")).toEqual({ name: "SendEnv", used: true });
  expect(keywordOf("tunneldevice")).toEqual({ name: "TunnelDevice", used: false });
  expect(keywordOf("toString")).toBeUndefined();
});

test.each([
  ["ConectTimeout", "ConnectTimeout"],
  ["stricthostkeychecking1", "StrictHostKeyChecking"],
  ["identityfiles", "IdentityFile"],
  ["prot", "Port"],
  ["zzzzzz", undefined],
])("the keyword nearest to %s is %s", (typed, nearest) => {
  expect(nearestKeyword(typed)).toBe(nearest);
});

test("an old spelling means what ssh prints today", () => {
  expect(canonicalKey("PubkeyAcceptedKeyTypes")).toBe("pubkeyacceptedalgorithms");
  expect(canonicalKey("PORT")).toBe("port");
});
