import { describe, expect, it } from "vitest";
import { startScriptedModel } from "../../../../src/launch/demo/scripted-model.ts";

const bash = { type: "function", function: { name: "bash" } };

async function ask(url: string, body: object): Promise<{ status: number; text: string; chunks: unknown[] }> {
  const response = await fetch(`${url}/chat/completions`, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  const data = text.split("\n").filter((line) => line.startsWith("data: {"));
  return { status: response.status, text, chunks: data.map((line) => JSON.parse(line.slice("data: ".length))) };
}
const question = { model: "mock-1", messages: [{ role: "user", content: "go" }], tools: [bash] };

describe("startScriptedModel", () => {
  it("answers the turns in order and then the closing text", async () => {
    await using model = await startScriptedModel([{ text: "first step" }, { text: "second" }], { closingText: "bye" });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await ask(model.url, question)).text);
    expect(answers[0]).toContain('"content":"first "');
    expect(answers[1]).toContain("second");
    expect(answers[2]).toContain("bye");
    expect(answers[3]).toContain("bye");
    expect(answers[0]).toMatch(/data: \[DONE\]\n\n$/);
  });

  it("streams tool calls with distinct ids and the finish reason tool_calls", async () => {
    const call = { name: "bash", arguments: { command: "printf 'ä'" } };
    await using model = await startScriptedModel([{ calls: [call, call] }]);
    const { chunks } = await ask(model.url, question);
    const text = JSON.stringify(chunks);
    expect(chunks).toContainEqual(
      expect.objectContaining({ choices: [expect.objectContaining({ finish_reason: "tool_calls" })] }),
    );
    expect(text).toContain("call_1");
    expect(text).toContain("call_2");
    expect(text).toContain(JSON.stringify(JSON.stringify(call.arguments)));
  });

  it("answers requests without tools with the title text and spends no turn on them", async () => {
    await using model = await startScriptedModel([{ text: "the turn" }], { titleText: "A title" });
    const title = await ask(model.url, { ...question, tools: undefined });
    expect(title.text).toContain("title");
    expect((await ask(model.url, question)).text).toContain("turn");
    expect(model.requests).toHaveLength(2);
    expect(model.tools()).toEqual(["bash"]);
  });

  it("lets a turn depend on the tool results of its request and lists each result once", async () => {
    await using model = await startScriptedModel([(seen) => ({ text: `got:${seen.toolResults[0]?.text}` })]);
    const messages = [
      { role: "user", content: "go" },
      { role: "assistant", content: null, tool_calls: [{ id: "c1", type: "function", function: { name: "bash" } }] },
      { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "42" }] },
    ];
    expect((await ask(model.url, { ...question, messages })).text).toContain("got:42");
    await ask(model.url, { ...question, messages });
    expect(model.toolResults()).toEqual([{ name: "bash", id: "c1", text: "42" }]);
  });

  it("turns an error of a turn function into a refusal that is not retried", async () => {
    const turn = () => {
      throw new Error("the script expected a file");
    };
    await using model = await startScriptedModel([turn]);
    const answer = await ask(model.url, question);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("the script expected a file");
  });

  it("no longer answers once it is disposed", async () => {
    const model = await startScriptedModel([]);
    await model[Symbol.asyncDispose]();
    await model[Symbol.asyncDispose]();
    await expect(fetch(`${model.url}/chat/completions`)).rejects.toThrow();
  });
});
