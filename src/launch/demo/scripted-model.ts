import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { parseChatRequest, type SeenRequest, type ToolResult } from "./chat-request.ts";
import { type ScriptedAnswer, streamAnswer } from "./completion-stream.ts";

/** One answer of the conversation, or a function of the request that asks for it (it sees the earlier tool results). */
export type ScriptedTurn = ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer);

/** `gpt-5-mock` is offered `apply_patch` by OpenCode, `mock-1` is offered `edit` and `write`. */
export type ScriptedModelId = "mock-1" | "gpt-5-mock";

export interface ScriptedModelOptions {
  /** The answer to every request after the last turn. */
  closingText?: string;
  /** The answer to requests that offer no tools: titles, summaries. They consume no turn. */
  titleText?: string;
}

/** A loopback chat completion server that says what its script says. Disposing closes it and every open connection. */
export interface ScriptedModel extends AsyncDisposable {
  /** The OpenAI base URL, ending in `/v1`. */
  readonly url: string;
  /** Every readable request so far, titles included, in the order of arrival. */
  readonly requests: readonly SeenRequest[];
  /** Every tool result that the model was sent, each call once, in the order of first sight. */
  toolResults(): ToolResult[];
  /** Names of the tools that the last conversation request offered; empty before the first. */
  tools(): string[];
  /** The part of an OpenCode config that makes this the only provider and `modelId` the model for everything. */
  providerConfig(modelId?: ScriptedModelId): ProviderConfig;
}

export interface ProviderConfig {
  provider: Record<string, object>;
  enabled_providers: string[];
  model: string;
  small_model: string;
}

/**
 * Starts a scripted model on a free port of 127.0.0.1. Requests that offer tools take the turns in order, those of
 * sub-agents too. A turn function that throws answers HTTP 400 with its message, which OpenCode shows and does not retry.
 */
export async function startScriptedModel(
  turns: readonly ScriptedTurn[],
  options: ScriptedModelOptions = {},
): Promise<ScriptedModel> {
  const { closingText = "All steps are done.", titleText = "Scripted session" } = options;
  const requests: SeenRequest[] = [];
  let turn = 0;
  let calls = 0;
  const nextCallId = () => `call_${++calls}`;

  const answerTo = (request: SeenRequest): ScriptedAnswer => {
    if (request.tools.length === 0) return { text: titleText };
    const next = turns[turn++];
    if (next === undefined) return { text: closingText };
    return typeof next === "function" ? next(request) : next;
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(incoming);
    if (incoming.method !== "POST" || !incoming.url?.endsWith("/chat/completions"))
      return refuse(response, 404, `the scripted model has no ${incoming.method} ${incoming.url}`);
    try {
      const request = parseChatRequest(body);
      requests.push(request);
      streamAnswer(response, request.body.model, answerTo(request), nextCallId);
    } catch (error) {
      refuse(response, 400, error instanceof Error ? error.message : String(error));
    }
  };

  // A client that leaves in the middle of its request is no failure of the script.
  const server = createServer((incoming, response) => void handle(incoming, response).catch(() => response.destroy()));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the scripted model got no TCP port");
  const url = `http://127.0.0.1:${address.port}/v1`;

  return {
    url,
    requests,
    toolResults: () => {
      const byId = new Map(requests.flatMap((request) => request.toolResults).map((result) => [result.id, result]));
      return [...byId.values()];
    },
    tools: () => requests.findLast((request) => request.tools.length > 0)?.tools ?? [],
    providerConfig: (modelId = "mock-1") => providerConfig(url, modelId),
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function providerConfig(url: string, modelId: ScriptedModelId): ProviderConfig {
  const model = (name: string) => ({
    name,
    tool_call: true,
    attachment: true,
    modalities: { input: ["text", "image"], output: ["text"] },
    limit: { context: 200_000, output: 8_192 },
  });
  return {
    provider: {
      mock: {
        npm: "@ai-sdk/openai-compatible",
        name: "Scripted",
        options: { baseURL: url, apiKey: "none" },
        models: { "mock-1": model("Scripted model"), "gpt-5-mock": model("Scripted model (patch)") },
      },
    },
    // Without this OpenCode also offers its own hosted models.
    enabled_providers: ["mock"],
    model: `mock/${modelId}`,
    small_model: `mock/${modelId}`,
  };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
}
