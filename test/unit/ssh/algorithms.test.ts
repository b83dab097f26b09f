import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { offeredAlgorithms } from "../../../src/ssh/algorithms.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { typeOfKey } from "../../../src/ssh/known-hosts.ts";
import { type Able, loadSsh2 } from "../../../src/ssh/ssh2.ts";
import type { AlgorithmNames } from "../../../src/ssh/target.ts";
import { targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const { able } = await loadSsh2();
const chaCha = "chacha20-poly1305@openssh.com";
const box = { host: "box", port: 22, compression: false };
const offered = (algorithms?: AlgorithmNames, known: string[] = []) =>
  offeredAlgorithms({ ...box, algorithms }, known, { ...able, slowKex: [] });

describe("offered algorithms", () => {
  test("by default none that Terrapin breaks and none that needs SHA-1 or a small group for the keys", () => {
    const { kex, cipher, serverHostKey, compress } = offered();
    expect(cipher).toEqual([
      "aes128-gcm@openssh.com",
      "aes256-gcm@openssh.com",
      "aes128-ctr",
      "aes192-ctr",
      "aes256-ctr",
    ]);
    expect(kex).toContain("curve25519-sha256");
    expect([kex, serverHostKey].flat().filter((name) => /sha1|^ssh-rsa|ssh-dss/.test(String(name)))).toEqual([]);
    expect(compress).toEqual(["none"]);
  });

  test("those that the user names, in that order, less what is missing here", () => {
    const { kex, serverHostKey } = offered({
      kex: ["sntrup761x25519-sha512@openssh.com", "diffie-hellman-group14-sha1", "curve25519-sha256"],
      hostKey: ["sk-ssh-ed25519@openssh.com", "ssh-rsa", "ssh-ed25519"],
    });
    expect(kex).toEqual(["diffie-hellman-group14-sha1", "curve25519-sha256"]);
    expect(serverHostKey).toEqual(["ssh-rsa", "ssh-ed25519"]);
  });

  test("beside CBC the MACs that are encrypt-then-MAC come last, ChaCha20 only when there is nothing else", () => {
    const { cipher, hmac } = offered({ ciphers: [chaCha, "aes128-ctr", "aes128-cbc"] });
    expect(cipher).toEqual(["aes128-ctr", "aes128-cbc"]);
    expect(hmac).toEqual([
      "hmac-sha2-256",
      "hmac-sha2-512",
      "hmac-sha1",
      "hmac-sha2-256-etm@openssh.com",
      "hmac-sha2-512-etm@openssh.com",
      "hmac-sha1-etm@openssh.com",
    ]);
    const alone = offeredAlgorithms({ ...box, algorithms: { ciphers: [chaCha] } }, [], { ...able, ciphers: [chaCha] });
    expect(alone.cipher).toEqual([chaCha]);
  });

  test("the types of known host keys come first", () => {
    expect(offered({}, ["ssh-rsa"]).serverHostKey).toEqual([
      "rsa-sha2-512",
      "rsa-sha2-256",
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
      "ecdsa-sha2-nistp384",
      "ecdsa-sha2-nistp521",
    ]);
  });

  test("the types of known host keys come first in the user's own list, too", () => {
    const hostKey = ["ssh-ed25519", "rsa-sha2-256", "ecdsa-sha2-nistp256", "ssh-rsa"];
    expect(offered({ hostKey }, ["ssh-rsa"]).serverHostKey).toEqual([
      "rsa-sha2-256",
      "ssh-rsa",
      "ssh-ed25519",
      "ecdsa-sha2-nistp256",
    ]);
    expect(offered({ hostKey }, ["ssh-dss"]).serverHostKey).toEqual(hostKey);
  });

  test("a host of which only the RSA key is known is not taken for another one, whatever the order of the list", async () => {
    await using sshd = await startSshd({ hostKeys: ["ed25519", "rsa"], config: ["HostKeyAlgorithms +ssh-rsa"] });
    const lines = (await readFile(sshd.knownHosts, "utf8")).split("\n").filter((line) => line.includes("ssh-rsa"));
    await writeFile(sshd.knownHosts, `${lines.join("\n")}\n`);
    for (const hostKey of [undefined, ["ssh-ed25519", "rsa-sha2-512"], ["ssh-ed25519", "ssh-rsa"]]) {
      await using connection = await connect(targetOf(sshd, { algorithms: { hostKey } }));
      expect(typeOfKey(connection.hostKeyBlob)).toBe("ssh-rsa");
    }
  });

  test("an old host that shows its known RSA key only with SHA-1 is not taken for another one, but explained", async () => {
    const config = ["HostKeyAlgorithms ssh-ed25519,ssh-rsa"];
    await using sshd = await startSshd({ hostKeys: ["ed25519", "rsa"], config });
    const lines = (await readFile(sshd.knownHosts, "utf8")).split("\n").filter((line) => line.includes("ssh-rsa"));
    await writeFile(sshd.knownHosts, `${lines.join("\n")}\n`);
    await expect(connect(targetOf(sshd))).rejects.toMatchObject({
      code: "no_shared_algorithm",
      message: `Cannot connect to 127.0.0.1 port ${sshd.port}: its known host key is of type ssh-rsa, which it shows only with ssh-rsa signatures; add -o HostKeyAlgorithms=+ssh-rsa to the ssh options.`,
    });
    await using connection = await connect(targetOf(sshd, { algorithms: { hostKey: ["ssh-ed25519", "ssh-rsa"] } }));
    expect(typeOfKey(connection.hostKeyBlob)).toBe("ssh-rsa");
  });

  test("key exchanges that keep everything waiting come last, by default and in the user's list", () => {
    const slowKex: Able["slowKex"] = ["diffie-hellman-group14-sha256", "diffie-hellman-group-exchange-sha256"];
    const kex = (algorithms?: AlgorithmNames) =>
      offeredAlgorithms({ ...box, algorithms }, [], { ...able, slowKex }).kex;
    expect(kex().slice(-2)).toEqual(slowKex);
    expect(kex({ kex: ["diffie-hellman-group14-sha256", "curve25519-sha256"] })).toEqual([
      "curve25519-sha256",
      "diffie-hellman-group14-sha256",
    ]);
  });

  test("compression only when it is asked for", () => {
    expect(offeredAlgorithms({ ...box, compression: true }, [], able).compress).toEqual([
      "zlib@openssh.com",
      "zlib",
      "none",
    ]);
  });

  test("a list of which nothing is left is an error that names it and what another client has", () => {
    const only = () => offered({ kex: ["sntrup761x25519-sha512@openssh.com"] });
    expect(only).toThrow(/box port 22: none of the configured KexAlgorithms \(sntrup761/);
    const data = { host: "box", lacks: "post-quantum key exchange" };
    expect(only).toThrow(expect.objectContaining({ code: "no_shared_algorithm", data }));
  });
});
