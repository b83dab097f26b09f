import { hostname } from "node:os";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { expandFile, expandHome, splitFileList } from "../../../src/config/paths.ts";

const VALUES = {
  home: "/home/me",
  localUser: "me",
  host: "box",
  hostName: "box.lan",
  hostKeyAlias: undefined,
  port: 2200,
  user: "alice",
  env: { KEYS: "/keys", ProgramData: "/program-data" },
};

test.each([
  ["~", "/home/me"],
  ["~/a", "/home/me/a"],
  ["~other/a", "~other/a"],
  ["/a/~/b", "/a/~/b"],
])("the home directory stands for the tilde of %s only where it leads", (path, expected) => {
  expect(expandHome(path, "/home/me")).toBe(expected);
});

test.each([
  ["~/.ssh/%h_%n_%p_%r_%u_%k", "/home/me/.ssh/box.lan_box_2200_alice_me_box"],
  ["%d/100%%", "/home/me/100%"],
  ["/%l", `/${hostname()}`],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of ssh_config
  ["${KEYS}/${UNSET}", "/keys/${UNSET}"],
  ["/a/%C", "/a/%C"],
  ["__PROGRAMDATA__/ssh/ssh_known_hosts", "/program-data/ssh/ssh_known_hosts"],
  ["relative", resolve("relative")],
])("the file name %s is expanded as ssh does", (path, expected) => {
  expect(expandFile(path, VALUES)).toBe(expected);
});

test.each([
  ["/a /b", ["/a", "/b"]],
  ["/a b /c d", ["/a b", "/c d"]],
  ["~/a %d/b", ["~/a", "%d/b"]],
  ["C:\\Users\\A B/.ssh/known_hosts C:\\x", ["C:\\Users\\A B/.ssh/known_hosts", "C:\\x"]],
  ["none", ["none"]],
])("the list %s is split where a path begins", (line, expected) => {
  expect(splitFileList(line)).toEqual(expected);
});
