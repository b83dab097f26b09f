import * as z from "zod";

const textPart = z.object({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(textPart.loose())]).nullish();

const message = z.object({
  role: z.string(),
  content,
  tool_call_id: z.string().optional(),
  tool_calls: z
    .array(z.object({ id: z.string(), function: z.object({ name: z.string() }).loose() }).loose())
    .optional(),
});

const chatRequest = z.object({
  model: z.string(),
  messages: z.array(message.loose()),
  tools: z.array(z.object({ function: z.object({ name: z.string() }).loose() }).loose()).optional(),
});

/** The body of a `POST /chat/completions` request; keys that nobody here reads are kept. */
export type ChatRequest = z.infer<typeof chatRequest>;
type Content = z.infer<typeof content>;

/** The answer to one tool call, as the model sees it. */
export interface ToolResult {
  /** The tool that was called; `unknown` when the call itself is not in the conversation. */
  name: string;
  id: string;
  text: string;
}

/** One request of the conversation, with the two things that a scripted turn may depend on already picked out. */
export interface SeenRequest {
  body: ChatRequest;
  /** Names of the tools offered, in the order sent. */
  tools: string[];
  toolResults: ToolResult[];
}

/** Reads a request body; throws zod's error when it is not a chat completion request. */
export function parseChatRequest(json: string): SeenRequest {
  const body = chatRequest.parse(JSON.parse(json));
  return { body, tools: (body.tools ?? []).map((tool) => tool.function.name), toolResults: toolResultsOf(body) };
}

const textOf = (value: Content): string =>
  typeof value === "string" ? value : (value ?? []).map((part) => part.text ?? "").join("");

function toolResultsOf(body: ChatRequest): ToolResult[] {
  const calls = body.messages.flatMap((m) => m.tool_calls ?? []);
  const names = new Map(calls.map((call) => [call.id, call.function.name]));
  return body.messages.flatMap((m) =>
    m.role === "tool" && m.tool_call_id !== undefined
      ? [{ name: names.get(m.tool_call_id) ?? "unknown", id: m.tool_call_id, text: textOf(m.content) }]
      : [],
  );
}
