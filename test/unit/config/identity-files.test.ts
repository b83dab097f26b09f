import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findCertificates, findIdentityFiles } from "../../../src/config/identity-files.ts";

let dir = "";
const values = () => ({
  home: dir,
  localUser: "me",
  host: "box",
  hostName: "box",
  hostKeyAlias: undefined,
  port: 22,
  user: "me",
  env: {},
});

const field = (text: string | Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
};

/** A private key file of OpenSSH's format (PROTOCOL.key) whose secret part is encrypted noise. */
function privateKey(type: string): string {
  const blob = Buffer.concat([field(type), field(Buffer.alloc(32, 7)), field("ssh:")]);
  const kdf = Buffer.concat([field(Buffer.alloc(16, 1)), Buffer.from([0, 0, 0, 24])]);
  const head = [
    Buffer.from("openssh-key-v1\0"),
    field("aes256-ctr"),
    field("bcrypt"),
    field(kdf),
    Buffer.from([0, 0, 0, 1]),
  ];
  const body = Buffer.concat([...head, field(blob), field(Buffer.alloc(160, 9))]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replace(/.{70}/g, "$&\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "config-keys-"));
  await mkdir(join(dir, ".ssh"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "sk-ssh@openssh.com", "-f", join(dir, "plain")]);
  execFileSync("ssh-keygen", ["-q", "-s", join(dir, "plain"), "-I", "me", "-n", "me", join(dir, "plain.pub")]);
  await writeFile(join(dir, "device"), privateKey("sk-ssh-ed25519@openssh.com"));
  await writeFile(join(dir, ".ssh", "id_ecdsa_sk"), privateKey("sk-ecdsa-sha2-nistp256@openssh.com"));
  await writeFile(join(dir, ".ssh", "id_ed25519_sk"), privateKey("ssh-ed25519"));
  await writeFile(join(dir, "public.pub"), "sk-ssh-ed25519@openssh.com AAAA me\n");
});

afterAll(() => rm(dir, { recursive: true, force: true }));

test("keys on FIDO devices are told by what the file holds and left to the system's ssh", async () => {
  const names = ["device", "public", ".ssh/id_ecdsa_sk", ".ssh/id_ed25519_sk"].map((name) => join(dir, name));
  const found = await findIdentityFiles([], names, values());
  const devices = ["device", "public.pub", ".ssh/id_ecdsa_sk"].map((name) => join(dir, name));
  expect(found.files).toEqual([join(dir, ".ssh/id_ed25519_sk")]);
  expect(found.securityKeys).toEqual(devices);
  expect(found.clientMayHelp).toEqual(devices.map((file) => `the FIDO key ${file}`));
  expect(found.warnings).toEqual([]);
});

test("a certificate beside a key, private or public, may help", async () => {
  const certificate = `the user certificate ${dir}/plain-cert.pub`;
  for (const name of ["plain", "plain.pub"]) {
    const found = await findIdentityFiles([join(dir, name)], [], values());
    expect(found.files).toEqual([join(dir, name)]);
    expect(found.clientMayHelp).toEqual([certificate]);
  }
});

test("a CertificateFile needs the system's ssh when it exists, and is named when it does not", async () => {
  expect(await findCertificates([`${dir}/plain-cert.pub`, "none", "~/absent"], values())).toEqual({
    onlyClient: ["user certificates (CertificateFile)"],
    warnings: [`The certificate ${dir}/absent of the ssh configuration does not exist.`],
  });
  expect(await findCertificates(["none"], values())).toEqual({ onlyClient: [], warnings: [] });
});
