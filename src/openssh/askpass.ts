import { writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { shellQuote } from "../util/shell-quote.ts";

/** A question of the client, as its askpass program gets it. */
export interface Asked {
  /** The client's own words and the server's, control characters included. */
  prompt: string;
  /** `SSH_ASKPASS_PROMPT` (ssh(1)): `confirm` wants a yes or no, `none` is a notice that needs no answer. */
  kind: string;
  /** Aborts when the client does not want the answer any more. */
  signal: AbortSignal;
}

export interface Askpass extends AsyncDisposable {
  /** The program's path. */
  readonly path: string;
}

/** Hands the question over and prints the answer; it ends with 1 when there is none. No secret is in its words or files. */
const program = `import { connect } from "node:net";
const [path, prompt] = process.argv.slice(2);
const socket = connect(path).setEncoding("utf8");
let answer = "";
socket.on("error", () => process.exit(1));
socket.on("connect", () => socket.write(JSON.stringify({ prompt, kind: process.env.SSH_ASKPASS_PROMPT ?? "" }) + "\\n"));
socket.on("data", (text) => (answer += text));
socket.on("close", () => {
  if (!answer.startsWith("+")) process.exit(1);
  process.stdout.write(answer.slice(1) + "\\n");
});
`;

/** The longest question (bytes) that is taken; a server's own words can be in it. */
const longestQuestion = 64 * 1024;

/**
 * Makes the askpass program in a private directory and answers what it asks; undefined: no answer. OpenCode's binary acts
 * as its runtime, Bun, when `BUN_BE_BUN` is set; for Node the variable means nothing.
 */
export async function listenForQuestions(
  directory: string,
  answer: (asked: Asked) => Promise<string | undefined>,
): Promise<Askpass> {
  const paths = {
    script: join(directory, "askpass"),
    module: join(directory, "askpass.mjs"),
    socket: join(directory, "q"),
  };
  const words = [process.execPath, paths.module, paths.socket].map(shellQuote).join(" ");
  const script = `#!/bin/sh\nunset NODE_OPTIONS\nBUN_BE_BUN=1 exec ${words} "$1"\n`;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void serve(socket, answer);
  });
  await Promise.all([
    writeFile(paths.script, script, { mode: 0o700 }),
    writeFile(paths.module, program, { mode: 0o600 }),
    listen(server, paths.socket),
  ]);
  return {
    path: paths.script,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(path, resolve));
}

async function serve(socket: Socket, answer: (asked: Asked) => Promise<string | undefined>): Promise<void> {
  const gone = new AbortController();
  socket.on("error", () => {});
  socket.once("close", () => gone.abort(new Error("The client does not ask any more.")));
  const line = await firstLine(socket);
  try {
    const asked: unknown = JSON.parse(line);
    const field = (name: string): string => {
      const value: unknown = typeof asked === "object" && asked !== null ? Reflect.get(asked, name) : undefined;
      return typeof value === "string" ? value : "";
    };
    const said = await answer({ prompt: field("prompt"), kind: field("kind"), signal: gone.signal });
    socket.end(said === undefined ? "-" : `+${said}`);
  } catch {
    socket.destroy();
  }
}

/** What came before the first newline, or before the end. */
function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      if (text.length < longestQuestion) text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    socket.once("close", () => resolve(text));
  });
}
