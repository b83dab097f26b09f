import net from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { type Connection, connect } from "../../../src/ssh/connect.ts";
import { onServerOffer, type ServerOffer } from "../../../src/ssh/server-offer.ts";
import type { AlgorithmNames } from "../../../src/ssh/target.ts";
import { opensshNames, startEveryDropbear, startEveryOpenSsh } from "../../support/every-algorithm.ts";
import type { SshServer } from "../../support/ssh-server.ts";
import { targetOf } from "../../support/ssh-target.ts";

const { bun } = process.versions;

/** What ssh2 cannot do in this runtime, and how that is called; undefined for what must work. */
function lacking(name: string): string | undefined {
  if (/^(sntrup|mlkem)/.test(name)) return "post-quantum key exchange";
  if (bun && name === "diffie-hellman-group18-sha512") return `the key exchange ${name}`;
  if (bun && name.startsWith("chacha20-")) return `the cipher ${name}`;
  if (/^umac-|^hmac-(md5|md5-96|sha1-96)-etm@/.test(name)) return `the MAC ${name}`;
  if (name.includes("-cert-v01@")) return "host certificates";
  if (/^(sk-|webauthn-sk-)/.test(name) || (bun && name === "ssh-dss")) return `host keys of type ${name}`;
  return undefined;
}

/** Logs in with nothing but these on offer and runs a command, or is told what this way to the machine lacks. */
async function outcome(server: SshServer, algorithms: AlgorithmNames, name: string): Promise<void> {
  const connecting = connect(targetOf(server, { algorithms }));
  const lacks = lacking(name);
  if (lacks !== undefined) {
    await expect(connecting).rejects.toMatchObject({ code: "no_shared_algorithm", data: { lacks } });
    return;
  }
  await using connection = await connecting;
  expect(await output(connection, "echo over $((40 + 2))")).toBe("over 42\n");
}

function output({ client }: Connection, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let text = "";
      channel.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      channel.stderr.resume();
      channel.once("close", () => resolve(text));
    });
  });
}

/** What a server says by itself. */
function offerOf({ host, port }: SshServer): Promise<ServerOffer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host).once("error", reject);
    onServerOffer(socket, (offer) => {
      socket.destroy();
      resolve(offer);
    });
    socket.on("data", () => undefined);
    socket.write("SSH-2.0-Listener\r\n");
  });
}

const algorithmsOf = (list: string[]): string[] =>
  list.filter((name) => !/^(ext-info-|kex-strict-|kexguess2@)/.test(name)).sort();

const servers: Record<string, SshServer> = {
  OpenSSH: await startEveryOpenSsh(),
  Dropbear: await startEveryDropbear(),
};
const offers = await Promise.all(
  Object.entries(servers).map(async ([title, server]) => ({ title, server, offer: await offerOf(server) })),
);
afterAll(async () => {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
});

describe.each(offers)("over $title", ({ title, server, offer }) => {
  const kexs = algorithmsOf(offer.kex);
  const ciphers = algorithmsOf(offer.cipher.toServer);
  const macs = algorithmsOf(offer.mac.toServer);
  // Certificates and keys on tokens are in no server's lists without one of them.
  const hostKeys = title === "OpenSSH" ? opensshNames("HostKeyAlgorithms") : algorithmsOf(offer.hostKey);

  test("the server has all that it can have, old and recent", () => {
    if (title === "OpenSSH") {
      expect(kexs).toEqual(opensshNames("kex").sort());
      expect(ciphers).toEqual(opensshNames("cipher").sort());
      expect(macs).toEqual(opensshNames("mac").sort());
      expect(hostKeys).toEqual(expect.arrayContaining(algorithmsOf(offer.hostKey)));
    }
    expect(kexs).toEqual(expect.arrayContaining(["curve25519-sha256", "diffie-hellman-group14-sha256"]));
    expect(ciphers).toEqual(expect.arrayContaining(["aes128-ctr", "aes256-ctr"]));
    expect(macs).toEqual(expect.arrayContaining(["hmac-sha1", "hmac-sha2-256"]));
    expect(algorithmsOf(offer.hostKey)).toEqual(expect.arrayContaining(["ssh-ed25519", "rsa-sha2-256"]));
  });

  // ssh2 asks for a group of 3072 bits beside a key of 128. One after the other: some keep all else waiting.
  test.each(kexs)("key exchange %s", (kex) => outcome(server, { kex: [kex], ciphers: ["aes128-ctr"] }, kex));

  test.concurrent.each(ciphers)("cipher %s", (cipher) => outcome(server, { ciphers: [cipher] }, cipher));

  test.concurrent.each(macs)("MAC %s", (mac) => outcome(server, { macs: [mac], ciphers: ["aes256-ctr"] }, mac));

  test.concurrent.each(hostKeys)("host key %s", (hostKey) => outcome(server, { hostKey: [hostKey] }, hostKey));
});
