import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Ended } from "../../src/remote/shell.ts";
import { createWorkspace, type WorkspaceOptions } from "../../src/workspace/workspace.ts";
import { type SshPlace, startSshPlace } from "./ssh-place.ts";
import type { SshServer } from "./ssh-server.ts";
import { type Sudoers, sudoersOf } from "./sudoers.ts";

export const password = "canary it's $(a) Pa55word-7e10";
export const wrong = "canary-wr0ng-Pa55-b4d0";

/** An account of a server of its own, whose password is `password`. */
export interface Account extends AsyncDisposable {
  server: SshServer;
  place: SshPlace;
  sudoers: Sudoers;
  /** A session of its own: what the model's command line says, and its exit status. */
  session(options?: Partial<WorkspaceOptions>): Session;
}

export interface Session {
  /** How a command ends that is given one second. */
  stopped(command: string): Promise<Ended>;
  run(command: string, timeoutMs?: number): Promise<[text: string, exitCode: number | undefined]>;
}

/** Nothing is allowed to it at first. */
export async function account(
  startServer: () => Promise<SshServer>,
  startPlace: (server: SshServer) => Promise<SshPlace> = startSshPlace,
): Promise<Account> {
  const server = await startServer();
  const place = await startPlace(server);
  const sudoers = sudoersOf(server.user);
  const local = await mkdtemp(join(tmpdir(), "rc-sudo-"));
  return {
    server,
    place,
    sudoers,
    session(options = {}) {
      const { host, root } = place;
      const workspace = createWorkspace({ host, workdir: root, mirror: () => join(local, "mirror"), ...options });
      return {
        async stopped(command) {
          return (await workspace.command(command, { timeoutMs: 1_000, onOutput: () => {} })).ended;
        },
        async run(command, timeoutMs = 20_000) {
          const chunks: Uint8Array[] = [];
          const onOutput = (chunk: Uint8Array) => void chunks.push(chunk);
          const result = await workspace.command(command, { timeoutMs, onOutput });
          expect(result.ended).toBe("exited");
          return [Buffer.concat(chunks).toString(), result.exitCode];
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await sudoers[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(local, { recursive: true, force: true });
    },
  };
}
