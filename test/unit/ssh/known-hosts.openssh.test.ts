import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { knownName, type Verdict, verdict } from "../../../src/ssh/known-hosts.ts";
import { readKnownHosts } from "../../../src/ssh/known-hosts-file.ts";
import { type KnownHostsCase, knownHostsCases } from "../../support/known-hosts-cases.ts";
import { findBinary } from "../../support/ssh-server.ts";
import { type Sshd, startSshd } from "../../support/sshd.ts";

/** What ssh says where it ends; in this order, for a revoked key without a port is then called unknown, too. */
const words: [Verdict, string][] = [
  ["revoked", "REVOKED HOST KEY DETECTED"],
  ["changed", "REMOTE HOST IDENTIFICATION HAS CHANGED"],
  ["unknown", "host key is known for"],
  ["ok", "Permission denied"],
];

/** Any host name and port lead to the one server: its sshd speaks over stdin and stdout. */
function askOpenSsh(sshd: Sshd, { host, port, alias }: KnownHostsCase, files: string[]): Promise<Verdict> {
  const options = [
    `ProxyCommand=${findBinary("sshd")} -i -f ${sshd.dir}/sshd_config`,
    `UserKnownHostsFile=${files.slice(0, 2).join(" ")}`,
    `GlobalKnownHostsFile=${files.slice(2).join(" ")}`,
    "StrictHostKeyChecking=yes",
    "BatchMode=yes",
    "PreferredAuthentications=none",
    // The cheapest: it is done for every file, on both sides.
    "KexAlgorithms=curve25519-sha256",
    ...(alias === undefined ? [] : [`HostKeyAlias=${alias}`]),
  ];
  const args = ["-F", "none", "-p", String(port), ...options.flatMap((option) => ["-o", option]), host, "true"];
  return new Promise((resolve, reject) => {
    execFile("ssh", args, (_error, _stdout, stderr) => {
      const said = words.find(([, text]) => stderr.includes(text));
      if (said) resolve(said[0]);
      else reject(new Error(`ssh ended with: ${stderr}`));
    }).stdin?.end();
  });
}

// Some 150 handshakes; the usual limit would be short on a busy machine.
test("OpenSSH's own client comes to the same verdict about every file", async () => {
  await using sshd = await startSshd();
  const key = Buffer.from(sshd.hostPublicKey.split(" ")[1] ?? "", "base64");
  const cases = knownHostsCases(sshd.hostPublicKey);
  const answers: { what: string; openssh: Verdict; ours: Verdict }[] = [];
  const work = async (lane: number, lanes: number) => {
    const files = [0, 1, 2, 3].map((index) => join(sshd.dir, `known_${lane}_${index}`));
    for (const one of cases.filter((_, index) => index % lanes === lane)) {
      await Promise.all(files.map((file, index) => writeFile(file, one.files[index] ?? "", "latin1")));
      const name = knownName({ hostName: one.host, port: one.port, hostKeyAlias: one.alias });
      const ours = verdict(await readKnownHosts(files), ...name, key);
      answers.push({ what: one.what, openssh: await askOpenSsh(sshd, one, files), ours });
    }
  };
  await Promise.all([0, 1, 2, 3].map((lane) => work(lane, 4)));

  expect(answers.filter(({ openssh, ours }) => openssh !== ours)).toEqual([]);
  expect(answers.length).toBe(cases.length);
  const counted = new Set(answers.map(({ ours }) => ours));
  expect([...counted].sort()).toEqual(["changed", "ok", "revoked", "unknown"]);
}, 60_000);
