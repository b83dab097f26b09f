import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Connection, connect } from "../../../src/ssh/connect.ts";
import { startDropbear } from "../../support/dropbear.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const megabyte = 1024 * 1024;
/** Half of it can be compressed, half cannot. */
const data = Buffer.concat([randomBytes(megabyte / 2), Buffer.alloc(megabyte / 2, "all the same ")]);
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** What comes back from a command that gets these bytes. */
function through({ client }: Connection, command: string, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.stderr.resume();
      channel.once("close", () => resolve(Buffer.concat(chunks)));
      channel.end(input);
    });
  });
}

describe("a compressed connection", () => {
  test.each<[name: string, start: () => Promise<SshServer>]>([
    ["sshd", () => startSshd({ shell: "/bin/sh", config: ["Compression yes", "LogLevel DEBUG1"] })],
    // Both sides start afresh with each exchange of keys.
    [
      "sshd that changes keys on the way",
      () => startSshd({ shell: "/bin/sh", config: ["Compression yes", "RekeyLimit 300K", "LogLevel DEBUG1"] }),
    ],
    ["dropbear", () => startDropbear()],
  ])("to %s carries a megabyte both ways, byte for byte", async (_name, start) => {
    await using server = await start();
    await using connection = await connect(targetOf(server, { compression: true }));
    const back = await through(connection, "cat", data);
    expect(back.length).toBe(data.length);
    expect(digest(back)).toBe(digest(data));
    expect((await through(connection, "sha256sum", data)).toString()).toContain(digest(data));
    expect((await through(connection, "yes | head -c 3000000", Buffer.alloc(0))).length).toBe(3_000_000);
  });
});
