import { copyFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { startScriptedModel } from "../../src/launch/demo/scripted-model.ts";
import { shellQuote } from "../../src/util/shell-quote.ts";
import { createOpencodeHome } from "../support/opencode-home.ts";
import { cli, runSession } from "../support/session.ts";
import { startCertifiedSshd } from "../support/ssh-certificates.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { fingerprint, keygen, startSshd } from "../support/sshd.ts";
import { startTui } from "../support/tui.ts";

/** The ways of the user's own ssh, from the launcher to a tool in the real OpenCode. */

const command = (...options: string[]) => ["ssh", "-F", "none", "-o", "GlobalKnownHostsFile=none", ...options];
const env = (server: SshServer, ...words: string[]) => ({
  REMOTE_SSH: words.map(shellQuote).join(" "),
  REMOTE_WORKDIR: server.home,
});
const bash = (script: string) => [
  { calls: [{ name: "bash", arguments: { command: script, description: "Runs it" } }] },
];

test("the launcher asks for an unknown host key and a passphrase, and OpenCode need not ask again", async () => {
  await using sshd = await startSshd({ shell: "/bin/sh" });
  const key = `${sshd.dir}/locked`;
  await keygen(key, "ed25519", "open sesame");
  await copyFile(`${key}.pub`, `${sshd.dir}/authorized_keys`);
  await using model = await startScriptedModel(bash("echo on-$(id -un)"));
  await using home = await createOpencodeHome(model.providerConfig());
  const known = `${home.root}/known`;
  const words = command("-o", `UserKnownHostsFile=${known}`, "-o", "IdentityAgent=none", "-p", `${sshd.port}`);
  const remote = env(sshd, ...words, "-i", key, `${sshd.user}@${sshd.host}`);
  const size = { width: 160, height: 45 };
  await using tui = await startTui({
    command: process.env.NODE ?? "node",
    args: [cli],
    env: { ...home.env, ...remote },
    ...size,
  });
  const asked = await tui.waitFor(/yes, no or the fingerprint\)\?/, 30_000);
  expect(asked.replaceAll("\n", "")).toContain(fingerprint(`${sshd.dir}/host_ed25519.pub`));
  await tui.submit("yes");
  await tui.waitFor(/Passphrase[^\n]*locked/i, 30_000);
  await tui.type("wrong");
  await tui.send("Enter");
  await tui.waitFor(/(passphrase[\s\S]*){2}/i, 30_000);
  await tui.type("open sesame");
  await tui.send("Enter");
  expect(await tui.waitFor(new RegExp(`🌐 ?${sshd.user}@`), 60_000)).not.toContain("sesame");
  await tui.submit("go on");
  expect(await tui.waitFor(/All steps are done\./, 60_000)).toContain(`on-${sshd.user}`);
});

test("certified users and hosts come in over the system's ssh, and the launcher says so", async () => {
  await using certified = await startCertifiedSshd();
  const { server, authorityFile } = certified;
  const words = command("-o", `UserKnownHostsFile=${authorityFile}`, "-o", "IdentityAgent=none");
  const target = ["-p", `${server.port}`, "-i", server.clientKey, `${server.user}@${server.host}`];
  const remote = { env: () => env(server, ...words, ...target) };
  const session = await runSession(remote, { turns: bash("echo on-$(id -un) >made; cat made") });
  expect(session.parts.map((part) => part.output)).toEqual([`on-${server.user}\n`]);
  expect(session.stderr).toMatch(/Connected with the system's ssh, because the built-in one lacks .*certificate/);
});

test("a jump host and a proxy command lead to the machine behind them", async () => {
  await using hop = await startSshd({ shell: "/bin/sh" });
  await using target = await startSshd({ shell: "/bin/sh" });
  const inner = command("-o", `UserKnownHostsFile=${hop.knownHosts}`, "-i", hop.clientKey, "-p", `${hop.port}`);
  const proxy = [...inner, "-W", "%h:%p", `${hop.user}@${hop.host}`].map(shellQuote).join(" ");
  const words = command("-o", `UserKnownHostsFile=${target.knownHosts}`, "-o", `ProxyCommand=${proxy}`);
  const rest = ["-p", `${target.port}`, "-i", target.clientKey, `${target.user}@${target.host}`];
  const remote = { env: () => env(target, ...words, ...rest) };
  const session = await runSession(remote, { turns: bash("id -un") });
  expect(session.parts.map((part) => part.output)).toEqual([`${target.user}\n`]);
  expect(hop.stderr()).toContain("Accepted publickey");
});
