import { expect, test } from "vitest";
import { startProcess } from "../../../src/openssh/process.ts";

test("a program, and what it starts in turn, gets the environment without our secrets", async () => {
  const secrets = { REMOTE_PASSWORD: "canary-1", REMOTE_PASSPHRASE: "canary-2", REMOTE_SUDO_PASSWORD: "canary-3" };
  const env = { ...process.env, ...secrets, REMOTE_WORKDIR: "/here" };
  const program = startProcess("/bin/sh", ["-c", "env"], env);
  const chunks: Buffer[] = [];
  program.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  expect(await program.closed).toBe(0);
  const said = Buffer.concat(chunks).toString();
  expect(said).toContain("REMOTE_WORKDIR=/here");
  expect(said).not.toContain("canary");
});
