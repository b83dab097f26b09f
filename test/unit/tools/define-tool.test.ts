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

test("a question shows what it is about: nothing invisible, nothing that drives the terminal, and nothing left out", async () => {
  await using bench = await toolBench();
  await bench.call("write", { filePath: "../else/\x1b]0;x\x07\u202e", content: "a\u2066b\x1b[8m\n" });
  const [place, edit] = bench.asked;
  const path = `${bench.outside}/\\u{1B}]0;x\\u{7}\\u{202E}`;
  expect(place?.metadata).toEqual({ filepath: path, parentDir: bench.outside });
  expect(edit?.metadata).toMatchObject({ filepath: path });
  expect(edit?.metadata.diff).toContain("+a\\u{2066}b\\u{1B}[8m");
  await bench.call("bash", { command: "true\r; : \u202e" });
  expect(bench.asked.at(-1)?.patterns.join()).not.toMatch(/[\r\u202e]/);
  expect(bench.asked.at(-1)?.metadata.command).toBe("true\\u{D}; : \\u{202E}");
});

test("the context keeps what OpenCode gave it, and the answer of a call with an id waits for its end", async () => {
  await using bench = await toolBench();
  const tool = allTools(() => bench.workspace, bench.opencode).bash;
  const execute: (args: never, ctx: never) => Promise<unknown> = tool?.execute ?? expect.fail();
  const ctx = { ask: async () => {}, metadata() {}, abort: bench.abort.signal, callID: "call_7" };
  await execute({ command: "echo a" } as never, ctx as never);
  const hooked = { output: "cut", metadata: { truncated: true } };
  await bench.opencode.answers.restore("call_7", hooked);
  expect(hooked).toEqual({ output: "a\n", metadata: { output: "a\n", exit: 0, truncated: false } });
});
