import { expect, test } from "vitest";
import { allTools } from "../../../src/tools/all.ts";
import { toolBench } from "../../support/tool-call.ts";

const wrong: [string, unknown, RegExp][] = [
  ["read", { path: "x" }, /filePath/],
  ["read", { filePath: "x", offset: -1 }, /offset/],
  ["read", { filePath: "x", limit: 1.5 }, /limit/],
  ["write", { filePath: "x" }, /content/],
  ["edit", { filePath: "x", oldString: "a" }, /newString/],
  ["edit", { filePath: "x", oldString: "a", newString: "b", replaceAll: "yes" }, /replaceAll/],
  ["apply_patch", {}, /patchText/],
  ["bash", { command: "true", timeout: 0 }, /timeout/],
  ["glob", {}, /pattern/],
  ["grep", undefined, /expected object/],
];

test.each(wrong)(
  "%s refuses %j with the built-ins' sentence, asks nothing and sends nothing",
  async (name, args, what) => {
    await using bench = await toolBench();
    const before = bench.host.sent.length;
    const error = await bench.call(name, args).catch((cause: Error) => cause);
    expect(error).toBeInstanceOf(Error);
    const message = String((error as Error).message);
    expect(message.startsWith(`The ${name} tool was called with invalid arguments: `)).toBe(true);
    expect(message.endsWith(".\nPlease rewrite the input so it satisfies the expected schema.")).toBe(true);
    expect(message).toMatch(what);
    expect(bench.asked).toEqual([]);
    expect(bench.host.sent.length).toBe(before);
  },
);

test("a plugin that cannot work answers every call with its reason", async () => {
  const reason = new Error("REMOTE_SSH is not usable.");
  await using bench = await toolBench();
  const broken = allTools(() => {
    throw reason;
  });
  for (const tool of Object.values(broken)) {
    const execute: (args: never, ctx: never) => Promise<unknown> = tool.execute;
    await expect(execute({} as never, { ask: bench.onAsk } as never)).rejects.toBe(reason);
  }
});

test("a remote name cannot drive the terminal from an error or a title; the model's output stays as it is", async () => {
  await using bench = await toolBench();
  const name = "\x1b]52;c;AAAA\x07\x1b[31mred\u202e.txt";
  await expect(bench.call("read", { filePath: name })).rejects.toThrow(/^File not found: \/[^\x00-\x1f\u202e]+$/);
  const result = await bench.call("write", { filePath: name, content: "x" });
  expect(result.title).toBe("red\\u{202E}.txt");
  const listed = await bench.call("read", { filePath: "." });
  expect(listed.output).toContain(name);
});
