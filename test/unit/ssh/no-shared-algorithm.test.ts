import { describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import { connect } from "../../../src/ssh/connect.ts";
import { parseServerOffer, type ServerOffer } from "../../../src/ssh/server-offer.ts";
import { ableWith, loadSsh2 } from "../../../src/ssh/ssh2.ts";
import type { AlgorithmNames, SshTarget } from "../../../src/ssh/target.ts";
import { lists, offerOf, packet, startOfferingServer } from "../../support/offering-server.ts";
import { nowhere, targetOf } from "../../support/ssh-target.ts";
import { startSshd } from "../../support/sshd.ts";

const { able } = await loadSsh2();

/** As OpenSSH 9 offers them, by half. */
const recent = {
  kex: ["curve25519-sha256", "diffie-hellman-group16-sha512", "ext-info-s", "kex-strict-s-v00@openssh.com"],
  hostKey: ["rsa-sha2-512", "ssh-ed25519"],
  cipher: ["aes128-ctr", "aes128-gcm@openssh.com"],
  mac: ["hmac-sha2-256"],
};

async function refusal(target: SshTarget): Promise<RemoteError> {
  const reason: unknown = await connect(target).then(
    (connection) => connection[Symbol.asyncDispose](),
    (error: unknown) => error,
  );
  if (reason instanceof RemoteError) return reason;
  throw new Error("It connected.", { cause: reason });
}

/** What is said about a server with this offer; "box" stands for its name and port. */
async function said(offer: Partial<typeof recent> & { compress?: string[] }, settings: Partial<SshTarget> = {}) {
  await using server = await startOfferingServer(offerOf({ ...recent, ...offer }), "SSH-2.0-OpenSSH_5.3\r\n");
  const { code, message, data } = await refusal({ ...nowhere, port: server.port, host: "box", ...settings });
  expect(code).toBe("no_shared_algorithm");
  return { text: message.replace(`box port ${server.port}`, "box"), lacks: data.lacks };
}

describe("without an algorithm in common", () => {
  test("an old server's refusal names every option that would be needed", async () => {
    const old = await said({
      kex: ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
      hostKey: ["ssh-rsa", "ssh-dss"],
      cipher: ["arcfour256", "aes128-cbc", "3des-cbc", "blowfish-cbc"],
      mac: ["hmac-md5", "hmac-ripemd160"],
    });
    expect(old).toEqual({
      text: "Cannot connect to box: no matching key exchange: server offers diffie-hellman-group-exchange-sha1,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1; add -o KexAlgorithms=+diffie-hellman-group14-sha1 -o HostKeyAlgorithms=+ssh-rsa -o Ciphers=+aes128-cbc -o MACs=+hmac-md5 to the ssh options.",
      lacks: undefined,
    });
  });

  test.each<[what: string, offer: Parameters<typeof said>[0], text: string]>([
    [
      "key exchange",
      { kex: ["diffie-hellman-group1-sha1", "ext-info-s"] },
      "server offers diffie-hellman-group1-sha1; add -o KexAlgorithms=+diffie-hellman-group1-sha1",
    ],
    ["host key type", { hostKey: ["ssh-rsa"] }, "server offers ssh-rsa; add -o HostKeyAlgorithms=+ssh-rsa"],
    ["cipher", { cipher: ["3des-cbc", "aes256-cbc"] }, "server offers 3des-cbc,aes256-cbc; add -o Ciphers=+aes256-cbc"],
    ["MAC", { cipher: ["aes128-ctr"], mac: ["hmac-md5-96"] }, "server offers hmac-md5-96; add -o MACs=+hmac-md5-96"],
    ["compression", { compress: ["zlib"] }, "server offers zlib; add -C"],
  ])("the sentence for the %s", async (what, offer, text) => {
    const { text: sentence, lacks } = await said(offer);
    expect(sentence).toBe(`Cannot connect to box: no matching ${what}: ${text} to the ssh options.`);
    expect(lacks).toBeUndefined();
  });

  test("the options in the sentence are those that make a real server connect", async () => {
    const weak = {
      kex: "diffie-hellman-group1-sha1",
      hostKey: "ssh-rsa",
      ciphers: "3des-cbc",
      macs: "hmac-sha1-96",
    };
    const config = [
      `KexAlgorithms ${weak.kex}`,
      `HostKeyAlgorithms ${weak.hostKey}`,
      `Ciphers ${weak.ciphers}`,
      `MACs ${weak.macs}`,
    ];
    await using sshd = await startSshd({ hostKeys: ["rsa"], config });
    const { message } = await refusal(targetOf(sshd));
    const named = new Map([...message.matchAll(/-o (\w+)=\+([\w@.-]+)/g)].map(([, option, name]) => [option, name]));
    expect(Object.fromEntries(named)).toEqual({
      KexAlgorithms: weak.kex,
      HostKeyAlgorithms: weak.hostKey,
      Ciphers: weak.ciphers,
      MACs: weak.macs,
    });
    const algorithms: AlgorithmNames = {
      kex: ["curve25519-sha256", weak.kex],
      hostKey: ["ssh-ed25519", weak.hostKey],
      ciphers: ["aes128-ctr", weak.ciphers],
      macs: ["hmac-sha2-256", weak.macs],
    };
    await using connection = await connect(targetOf(sshd, { algorithms }));
    expect(connection.hostKey).toMatch(/^SHA256:/);
  });

  test.each<[offer: Parameters<typeof said>[0], lacks: string, what: string]>([
    [{ kex: ["mlkem768x25519-sha256", "sntrup761x25519-sha512"] }, "post-quantum key exchange", "key exchange"],
    [{ hostKey: ["ssh-ed25519-cert-v01@openssh.com"] }, "host certificates", "host key type"],
    [{ hostKey: ["sk-ssh-ed25519@openssh.com"] }, "host keys of type sk-ssh-ed25519@openssh.com", "host key type"],
    [{ cipher: ["chacha20-poly1305@openssh.com"] }, "the cipher chacha20-poly1305@openssh.com", "cipher"],
    [
      { cipher: ["aes128-ctr"], mac: ["umac-64@openssh.com", "umac-128@openssh.com"] },
      "the MAC umac-64@openssh.com or umac-128@openssh.com",
      "MAC",
    ],
    // An option for the first would not help.
    [{ kex: ["diffie-hellman-group1-sha1"], cipher: ["blowfish-cbc"] }, "the cipher blowfish-cbc", "key exchange"],
  ])("%j needs another client, and says so", async (offer, lacks, what) => {
    const refused = await said(offer);
    expect(refused.lacks).toBe(lacks);
    expect(refused.text).toContain(`box: no matching ${what}: server offers `);
    expect(refused.text).toMatch(/; .* can be had from the system's ssh only \(REMOTE_TRANSPORT=openssh\)\.$/);
    expect(refused.text).not.toContain(" -o ");
  });

  test("what the user's own list allows and only another client can do counts as lacking", async () => {
    const kex = ["sntrup761x25519-sha512@openssh.com", "diffie-hellman-group14-sha256"];
    const offer = { kex: ["sntrup761x25519-sha512@openssh.com", "curve25519-sha256"] };
    expect((await said(offer, { algorithms: { kex } })).lacks).toBe("post-quantum key exchange");
    const without = await said(offer, { algorithms: { kex: ["diffie-hellman-group14-sha256"] } });
    expect(without.text).toContain("add -o KexAlgorithms=+curve25519-sha256 to");
  });

  test("a server's own words are cut and made printable", async () => {
    const { text } = await said({ kex: [`\u001b]0;owned\u0007\r\n${"x".repeat(9000)}`, "diffie-hellman-group1-sha1"] });
    expect(text).toMatch(/^[\x20-\x7e…]+$/);
    expect(text.length).toBeLessThan(500);
    expect(text).toContain("add -o KexAlgorithms=+diffie-hellman-group1-sha1 to");
  });

  test("an algorithm for one direction only does not help", async () => {
    const offer: ServerOffer = { ...offerOf(recent), cipher: { toServer: ["aes128-ctr"], fromServer: ["aes128-cbc"] } };
    await using server = await startOfferingServer(offer, "SSH-2.0-Strange\r\n");
    const { data } = await refusal({ ...nowhere, port: server.port });
    expect(data.lacks).toBe("the cipher aes128-ctr or aes128-cbc");
  });
});

describe("a pair that Terrapin breaks", () => {
  const pair = { ciphers: ["aes128-cbc"], macs: ["hmac-sha2-256-etm@openssh.com"] };

  test("is refused where the server does not do strict key exchange", async () => {
    const old = { kex: ["curve25519-sha256"], cipher: pair.ciphers, mac: pair.macs };
    const { text, lacks } = await said(old, { algorithms: pair });
    expect(text).toBe(
      "Cannot connect to box: all that it shares with the ssh options is aes128-cbc with hmac-sha2-256-etm@openssh.com, which is open to attack (CVE-2023-48795) on a server as old as this; allow another cipher or MAC in the ssh options, or update the server.",
    );
    expect(lacks).toBeUndefined();
  });

  test("connects where it does", async () => {
    await using sshd = await startSshd({ config: [`Ciphers ${pair.ciphers}`, `MACs ${pair.macs}`] });
    await using connection = await connect(targetOf(sshd, { algorithms: pair }));
    expect(connection.serverIdent).toContain("OpenSSH");
  });
});

test("a group exchange beside a long key is left to another client: it would keep everything waiting", async () => {
  const offer = { kex: ["diffie-hellman-group-exchange-sha256"], cipher: ["aes256-ctr"] };
  expect(await said(offer)).toEqual({
    text: "Cannot connect to box: diffie-hellman-group-exchange-sha256 beside aes256-ctr takes too long here and can be had from the system's ssh only (REMOTE_TRANSPORT=openssh); allow another KexAlgorithms or a cipher with a key of 128 bits on the server.",
    lacks: "diffie-hellman-group-exchange-sha256 beside aes256-ctr",
  });
});

describe("a server's lists", () => {
  const offer = offerOf(recent);
  const said = Buffer.concat([
    Buffer.from("Welcome!\r\nno SSH-2.0 yet\r\nSSH-2.0-Box_1\r\n"),
    packet(Buffer.from([2, 0, 0, 0, 0])),
    packet(lists(offer)),
  ]);

  test("are found after other lines and packets, and only when they are complete", () => {
    expect(parseServerOffer(Buffer.concat([said, Buffer.from("more")]))).toEqual(offer);
    for (let length = 0; length < said.length; length++) {
      expect(parseServerOffer(said.subarray(0, length))).toBeUndefined();
    }
  });

  test("are none where there are none", () => {
    expect(parseServerOffer(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBeUndefined();
    const cut = packet(lists(offer).subarray(0, 40));
    expect(parseServerOffer(Buffer.concat([Buffer.from("SSH-2.0-Box\r\n"), cut]))).toBeUndefined();
  });
});

describe("what each runtime can do", () => {
  const supported = {
    SUPPORTED_KEX: [
      "curve25519-sha256",
      "diffie-hellman-group-exchange-sha256",
      "diffie-hellman-group16-sha512",
      "diffie-hellman-group18-sha512",
      "diffie-hellman-group1-sha1",
    ],
    SUPPORTED_CIPHER: [],
    SUPPORTED_MAC: [],
    SUPPORTED_SERVER_HOST_KEY: ["ssh-ed25519", "ssh-dss"],
  } as const;

  test("Node is slow with groups that the server chooses, Bun from 1.4 on with all but the smallest", () => {
    expect(ableWith(supported, {}).slowKex).toEqual(["diffie-hellman-group-exchange-sha256"]);
    expect(ableWith(supported, { bun: "1.3.14" }).slowKex).toEqual([]);
    expect(ableWith(supported, {}).kex).toContain("diffie-hellman-group18-sha512");
    expect(ableWith(supported, { bun: "1.3.14" }).kex).not.toContain("diffie-hellman-group18-sha512");
    const { kex, slowKex } = ableWith(supported, { bun: "1.4.5" });
    expect(slowKex).toEqual(["diffie-hellman-group-exchange-sha256", "diffie-hellman-group16-sha512"]);
    expect(kex).not.toContain("diffie-hellman-group18-sha512");
  });

  test("Bun knows no DSA", () => {
    expect(ableWith(supported, {}).hostKeys).toContain("ssh-dss");
    expect(ableWith(supported, { bun: "1.3.14" }).hostKeys).not.toContain("ssh-dss");
    expect(able.hostKeys).toContain("ssh-rsa");
  });
});
