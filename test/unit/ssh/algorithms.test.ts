import { describe, expect, test } from "vitest";
import { offeredAlgorithms } from "../../../src/ssh/algorithms.ts";
import { loadSsh2 } from "../../../src/ssh/ssh2.ts";
import type { AlgorithmNames } from "../../../src/ssh/target.ts";

const { constants } = await loadSsh2();
const offered = (algorithms?: AlgorithmNames, known: string[] = []) =>
  offeredAlgorithms({ host: "box", port: 22, algorithms }, known, constants);

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

  test("CBC only with MACs that are not encrypt-then-MAC, ChaCha20 only when there is nothing else", () => {
    const { cipher, hmac } = offered({ ciphers: ["chacha20-poly1305@openssh.com", "aes128-ctr", "aes128-cbc"] });
    expect(cipher).toEqual(["aes128-ctr", "aes128-cbc"]);
    expect(hmac).toEqual(["hmac-sha2-256", "hmac-sha2-512", "hmac-sha1"]);
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

  test("a list of which nothing is left is an error that names it", () => {
    const only = () => offered({ kex: ["sntrup761x25519-sha512@openssh.com"] });
    expect(only).toThrow(/box port 22: none of the configured KexAlgorithms \(sntrup761/);
    expect(only).toThrow(expect.objectContaining({ code: "no_shared_algorithm" }));
  });
});
