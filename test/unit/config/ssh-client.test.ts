import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askSshClient, findSshClient, parseEffective } from "../../../src/config/ssh-client.ts";

const env = {
  PATH: process.env.PATH,
  REMOTE_PASSWORD: "hunter2",
  REMOTE_SUDO_PASSWORD: "hunter3",
  REMOTE_PASSPHRASE: "hunter4",
};
let dir = "";
let client = "";
let withConfig: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "config-client-"));
  client = (await findSshClient(env)) ?? "";
  withConfig = ["-F", join(dir, "config")];
  const config = `
Match host hangs exec "sleep 12"
  Port 1
Match host secrets exec "test x = x$REMOTE_PASSWORD$REMOTE_SUDO_PASSWORD$REMOTE_PASSPHRASE"
  Port 4242
`;
  await writeFile(join(dir, "config"), config);
});

afterAll(() => rm(dir, { recursive: true, force: true }));

test("the answer of ssh -G keeps every value of a keyword in order", () => {
  const settings = parseEffective(
    "host a\r\nidentityfile ~/x y\nidentityfile /z\ncanonicalizePermittedcnames none\n\nbad\n",
  );
  expect([...settings]).toEqual([
    ["host", ["a"]],
    ["identityfile", ["~/x y", "/z"]],
    ["canonicalizepermittedcnames", ["none"]],
  ]);
});

test("the first runnable ssh on PATH is taken; directories, plain files and relative entries are passed over", async () => {
  const names = ["directory", "plain", "first", "second"].map((name) => join(dir, name));
  const [directory = "", plain = "", first = "", second = ""] = names;
  for (const name of names) await mkdir(name);
  await mkdir(join(directory, "ssh"));
  for (const name of [plain, first, second]) await writeFile(join(name, "ssh"), "#!/bin/sh\n");
  for (const name of [first, second]) await chmod(join(name, "ssh"), 0o755);
  const find = (...entries: string[]) => findSshClient({ PATH: entries.join(delimiter) });
  expect(await find("", ".", relative(process.cwd(), first), directory, plain)).toBeUndefined();
  expect(await find(directory, plain, first, second)).toBe(join(first, "ssh"));
  expect(await findSshClient({})).toBeUndefined();
});

test("commands of Match exec do not see our secrets", async () => {
  const answer = await askSshClient(client, withConfig, "secrets", { env });
  expect(answer.ok && answer.value.get("port")).toEqual(["4242"]);
});

test("a host that looks like an option is never taken for one", async () => {
  const answer = await askSshClient(client, ["-F", "none"], "-V", { env });
  // As an option it would print the version and succeed; as a host it is resolved or refused, depending on the client.
  expect(answer.ok ? answer.value.get("hostname") : ["-V"]).toEqual(["-V"]);
});

test("an abort ends a hanging ssh -G at once with the signal's reason", async () => {
  const reason = new Error("stopped by the test");
  const controller = new AbortController();
  const pending = askSshClient(client, withConfig, "hangs", { env, signal: controller.signal });
  const started = Date.now();
  setTimeout(() => controller.abort(reason), 200);
  await expect(pending).rejects.toBe(reason);
  expect(Date.now() - started).toBeLessThan(5000);
});

test("an ssh -G that does not answer is given up after ten seconds", async () => {
  const answer = await askSshClient(client, withConfig, "hangs", { env });
  expect(answer).toEqual({ ok: false, problems: [expect.stringContaining("within 10 s")] });
});
