import type { ServerResponse } from "node:http";

/** One tool call of a scripted answer; `arguments` is sent as JSON text, as a real model sends it. */
export interface ScriptedCall {
  name: string;
  arguments: object;
}

/** What the scripted model says in one request: text, tool calls, or both. */
export interface ScriptedAnswer {
  text?: string;
  calls?: ScriptedCall[];
}

/** A made-up price for every request: OpenCode shows tokens, and an absent `usage` would show as an error of the model. */
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/**
 * Streams `answer` as OpenAI `chat.completion.chunk` events, ended by `[DONE]`, and closes the response.
 * `nextCallId` must never repeat within one conversation: tool results are matched by it.
 */
export function streamAnswer(
  response: ServerResponse,
  model: string,
  answer: ScriptedAnswer,
  nextCallId: () => string,
): void {
  const calls = answer.calls ?? [];
  const send = (delta: object, finish_reason: string | null = null, extra: object = {}) => {
    const chunk = {
      id: "chatcmpl-scripted",
      object: "chat.completion.chunk",
      created: 0,
      model,
      choices: [{ index: 0, delta, finish_reason }],
      ...extra,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  send({ role: "assistant", content: "" });
  for (const piece of (answer.text ?? "").match(/\S*\s*/g) ?? []) if (piece) send({ content: piece });
  for (const [index, call] of calls.entries()) {
    const fn = { name: call.name, arguments: JSON.stringify(call.arguments) };
    send({ tool_calls: [{ index, id: nextCallId(), type: "function", function: fn }] });
  }
  send({}, calls.length > 0 ? "tool_calls" : "stop", { usage });
  response.end("data: [DONE]\n\n");
}
