import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { connect } from "../../../src/ssh/connect.ts";
import { signFirstKeyAtOnce } from "../../../src/ssh/first-key.ts";
import { loadSsh2 } from "../../../src/ssh/ssh2.ts";
import { run } from "../../support/connection.ts";
import { startDropbear } from "../../support/dropbear.ts";
import { startAgent } from "../../support/ssh-agent.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { keygen, startSshd } from "../../support/sshd.ts";

/** What sshd logged about keys: `Postponed` is a question, the others are about signatures. */
const verdicts = (log: string): string[] => log.match(/\b(Postponed|Accepted|Failed)(?= publickey)/g) ?? [];

describe("the first key", () => {
  test("is signed with at once, without asking whether the server would take it", async () => {
    await using sshd = await startSshd();
    await using connection = await connect(targetOf(sshd));
    expect(await run(connection, "echo in")).toBe("in\n");
    expect(verdicts(sshd.stderr())).toEqual(["Accepted"]);
  });

  test("logs in to Dropbear", async () => {
    await using dropbear = await startDropbear();
    await using connection = await connect(targetOf(dropbear));
    expect(await run(connection, "echo in")).toBe("in\n");
  });

  test("of type RSA logs in without SHA-1", async () => {
    await using sshd = await startSshd({ config: ["PubkeyAcceptedAlgorithms rsa-sha2-256"] });
    const key = join(sshd.dir, "client_rsa");
    await keygen(key, "rsa");
    await appendFile(join(sshd.dir, "authorized_keys"), await readFile(`${key}.pub`));
    await using connection = await connect(targetOf(sshd, { identityFiles: [key] }));
    expect(connection.hostKey).toMatch(/^SHA256:/);
    expect(verdicts(sshd.stderr())).toEqual(["Accepted"]);
  });

  test("that is refused costs one attempt, and the next ones are asked about", async () => {
    await using sshd = await startSshd();
    const strange = join(sshd.dir, "strange");
    await keygen(strange);
    await using connection = await connect(targetOf(sshd, { identityFiles: [strange, sshd.clientKey] }));
    expect(await run(connection, "echo in")).toBe("in\n");
    expect(verdicts(sshd.stderr())).toEqual(["Failed", "Postponed", "Accepted"]);
  });

  test("of an agent is asked about: its user may have to confirm each signature", async () => {
    await using sshd = await startSshd();
    await using agent = await startAgent();
    await agent.add(sshd.clientKey);
    await using connection = await connect(targetOf(sshd, { agent: agent.socket }));
    expect(await run(connection, "echo in")).toBe("in\n");
    expect(verdicts(sshd.stderr())).toEqual(["Postponed", "Accepted"]);
  });

  test.each([
    ["rsa-sha2-256", "sha256"],
    ["rsa-sha2-512", "sha512"],
    ["ssh-rsa", "sha1"],
    [undefined, undefined],
  ])("signs for %s with the hash %s", async (algorithm, hash) => {
    const { authPK, request } = await patched();
    const sign = vi.fn((_data: Buffer, _hash?: string) => Buffer.from("signature"));
    authPK("me", { isPrivateKey: () => true, sign }, algorithm);
    expect(sign).toHaveBeenCalledExactlyOnceWith(Buffer.from("data"), hash);
    expect(request).toHaveBeenCalledTimes(1);
  });

  test("that cannot sign is asked about after all", async () => {
    const { authPK, request } = await patched();
    authPK("me", { isPrivateKey: () => true, sign: () => new Error("no such hash") });
    expect(request.mock.calls.map(([, , , sign]) => sign !== undefined)).toEqual([true, false]);
  });

  test("is left to ssh2 where ssh2 is built in another way", async () => {
    const { ssh2 } = await loadSsh2();
    const client = new ssh2.Client();
    signFirstKeyAtOnce(client);
    expect(Reflect.get(client, "_protocol")).toBeUndefined();
  });
});

/** ssh2's request for a login by key, as far as it matters here, after it was patched. */
async function patched() {
  const { ssh2 } = await loadSsh2();
  const client = new ssh2.Client();
  type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;
  const request = vi.fn((_user: string, _key: object, _algorithm?: string, sign?: Sign): void => {
    sign?.(Buffer.from("data"), () => {});
  });
  const protocol = { authPK: request };
  Reflect.set(client, "_protocol", protocol);
  signFirstKeyAtOnce(client);
  return { authPK: protocol.authPK, request };
}
