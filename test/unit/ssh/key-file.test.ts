import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KeyFile, readKeyFile } from "../../../src/ssh/key-file.ts";
import { loadSsh2 } from "../../../src/ssh/ssh2.ts";
import { run } from "../../support/ssh-server.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rc-keys-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const read = async (path: string): Promise<KeyFile> => readKeyFile(path, (await loadSsh2()).ssh2);
const { signal } = new AbortController();
let count = 0;

async function generate(words: string[], passphrase: string): Promise<string> {
  const path = join(dir, `key${count++}`);
  await run("ssh-keygen", ["-q", ...words, "-N", passphrase, "-C", "test", "-f", path]);
  return path;
}

const publicHalf = async (path: string): Promise<Buffer> =>
  Buffer.from((await readFile(`${path}.pub`, "utf8")).split(" ")[1] ?? "", "base64");

const openssh = ["-t", "ed25519", "-a", "1"];
const formats: [string, string[]][] = [
  ["OpenSSH, Ed25519", openssh],
  ["OpenSSH, RSA", ["-t", "rsa", "-b", "2048", "-a", "1"]],
  ["OpenSSH, ECDSA", ["-t", "ecdsa", "-a", "1"]],
  ...["aes128-ctr", "aes256-cbc", "3des-cbc", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com"].map(
    (cipher): [string, string[]] => [`OpenSSH, ${cipher}`, [...openssh, "-Z", cipher]],
  ),
  ["PEM, RSA", ["-t", "rsa", "-b", "2048", "-m", "PEM"]],
  ["PEM, ECDSA", ["-t", "ecdsa", "-m", "PEM"]],
  ["PKCS#8, RSA", ["-t", "rsa", "-b", "2048", "-m", "PKCS8"]],
  ["PKCS#8, ECDSA", ["-t", "ecdsa", "-m", "PKCS8"]],
];

describe("a key file", () => {
  test.each(formats)("in the format %s is opened by its passphrase and by no other", async (_format, words) => {
    const path = await generate(words, "open sesame");
    const expected = await publicHalf(path);
    const file = await read(path);
    expect(file.privateKey).toBeUndefined();
    expect(file.problem).toBeUndefined();
    expect(file.publicKey).toEqual(expected);
    expect(await file.open?.("open sesam", signal)).toBeUndefined();
    expect(await file.open?.("", signal)).toBeUndefined();
    const opened = await file.open?.("open sesame", signal);
    expect(opened?.isPrivateKey()).toBe(true);
    expect(opened?.getPublicSSH()).toEqual(expected);
    const data = Buffer.from("to be signed");
    const hash = opened?.type === "ssh-rsa" ? "sha256" : undefined;
    expect(opened?.verify(data, opened.sign(data, hash), hash)).toBe(true);
  });

  test.each(formats.filter(([name]) => !name.includes("aes") && !name.includes("3des")))(
    "in the format %s needs no passphrase when it has none",
    async (_format, words) => {
      const path = await generate(words, "");
      const file = await read(path);
      expect(file.open).toBeUndefined();
      expect(file.privateKey?.getPublicSSH()).toEqual(await publicHalf(path));
    },
  );

  test("tells its public half although another one lies beside it", async () => {
    const [path, other] = [await generate(openssh, "open sesame"), await generate(openssh, "")];
    const expected = await publicHalf(path);
    await writeFile(`${path}.pub`, await readFile(`${other}.pub`));
    expect((await read(path)).publicKey).toEqual(expected);
  });

  test.runIf(process.platform !== "win32")("that others can read is not used, but names its key", async () => {
    const path = await generate(openssh, "");
    const expected = await publicHalf(path);
    await chmod(path, 0o644);
    const file = await read(path);
    expect(file).toMatchObject({
      publicKey: expected,
      problem: `${path} can be read by others, so it was not used (chmod 600 it)`,
    });
    expect(file.privateKey).toBeUndefined();
  });

  test.runIf(process.getuid?.() === 0)("of another user that others can read is used, as ssh does", async () => {
    const path = await generate(openssh, "");
    await chmod(path, 0o644);
    await chown(path, 65_534, 65_534);
    expect((await read(path)).privateKey?.isPrivateKey()).toBe(true);
  });

  test.each([
    ["holds nothing of a key", "nonsense\n"],
    [
      "is cut short",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI=\n-----END OPENSSH PRIVATE KEY-----\n",
    ],
    ["is empty", ""],
  ])("that %s says so", async (_what, content) => {
    const path = join(dir, `odd${count++}`);
    await writeFile(path, content, { mode: 0o600 });
    const file = await read(path);
    expect(file.problem).toBe(`${path} is in a format that cannot be read here`);
    expect(file.privateKey ?? file.open).toBeUndefined();
  });

  test("in a cipher that the runtimes lack says what to do", async () => {
    const path = await generate([...openssh, "-Z", "chacha20-poly1305@openssh.com"], "open sesame");
    const file = await read(path);
    expect(file.open).toBeUndefined();
    expect(file.problem).toBe(
      `${path} is protected with chacha20-poly1305@openssh.com, which cannot be read here (load it into the agent: ssh-add ${path})`,
    );
  });

  test("that does not exist says so", async () => {
    const path = join(dir, "missing");
    expect((await read(path)).problem).toBe(`${path} cannot be read`);
  });

  test("a certificate beside it is found", async () => {
    const path = await generate(openssh, "");
    expect((await read(path)).certificate).toBeUndefined();
    await writeFile(`${path}-cert.pub`, "");
    expect((await read(path)).certificate).toBe(`${path}-cert.pub`);
    expect((await read(`${path}.pub`)).certificate).toBe(`${path}-cert.pub`);
  });

  test("opening one with OpenSSH's default protection lets others work in between", async () => {
    const path = await generate(["-t", "ed25519"], "open sesame");
    const file = await read(path);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const opened = await file.open?.("open sesame", signal);
    clearInterval(timer);
    expect(opened?.isPrivateKey()).toBe(true);
    // Two blocks of sixteen rounds or more, a turn after each.
    expect(turns).toBeGreaterThan(10);
  });

  test("opening one ends at once when it is aborted", async () => {
    const path = await generate(["-t", "ed25519", "-a", "20"], "open sesame");
    const file = await read(path);
    const stop = new AbortController();
    const opening = file.open?.("open sesame", stop.signal);
    const reason = new Error("stopped");
    stop.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });
});
