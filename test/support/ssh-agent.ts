import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./ssh-server.ts";

export interface Agent extends AsyncDisposable {
  socket: string;
  add(keyFile: string): Promise<void>;
}

/** A real ssh-agent with a socket of its own and no keys. */
export async function startAgent(): Promise<Agent> {
  const dir = await mkdtemp(join(tmpdir(), "rc-agent-"));
  const socket = join(dir, "socket");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "inherit"] });
  // It prints its variables once the socket is there.
  await once(agent.stdout, "data");
  return {
    socket,
    async add(keyFile) {
      await run("ssh-add", ["-q", keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    },
    async [Symbol.asyncDispose]() {
      const ended = once(agent, "exit");
      agent.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
