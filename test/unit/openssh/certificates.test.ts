import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { clientHost, clientTargetOf, clientWords } from "../../support/openssh-place.ts";
import { startCertifiedSshd } from "../../support/ssh-certificates.ts";
import { fingerprint, keygen } from "../../support/sshd.ts";

test("a user certificate logs in where the key alone may not", async () => {
  await using certified = await startCertifiedSshd();
  const { server } = certified;
  await using host = clientHost(clientTargetOf(server));
  expect(Buffer.from((await host.shell.exec("echo in")).stdout).toString()).toBe("in\n");

  const plain = join(server.dir, "plain");
  await keygen(plain);
  const target = clientTargetOf(server, {
    clientArguments: clientWords(server, [`IdentityFile=${plain}`]),
    identityFiles: [plain],
  });
  await using refused = clientHost(target);
  await expect(refused.connect()).rejects.toMatchObject({ code: "auth_failed" });
});

test("a certified host key is accepted through its authority, and the authority is what is remembered", async () => {
  await using certified = await startCertifiedSshd();
  const { server, authorityFile, authority } = certified;
  const options = [`UserKnownHostsFile=${authorityFile}`, "StrictHostKeyChecking=yes"];
  await using host = clientHost(clientTargetOf(server, { options }));
  await host.connect();
  expect(host.state).toMatchObject({ kind: "connected", hostKey: fingerprint(authority) });

  await certified.renewHostKey();
  expect((await host.shell.exec("true")).exitCode).toBe(0);
  expect(host.state).toMatchObject({ kind: "connected", hostKey: fingerprint(authority) });
});

test("a certificate that nobody trusts counts as its plain key", async () => {
  await using certified = await startCertifiedSshd();
  const { server } = certified;
  await using host = clientHost(clientTargetOf(server));
  await host.connect();
  expect(host.state).toMatchObject({ hostKey: fingerprint(join(server.dir, "host_ed25519.pub")) });
});

test("a host key without a certificate is refused where only an authority is known", async () => {
  await using certified = await startCertifiedSshd();
  const { server, authorityFile } = certified;
  // Not signed: the certificate that sshd is told about is of another key.
  writeFileSync(join(server.dir, "host_ed25519-cert.pub"), "");
  await server.restart();
  const options = [`UserKnownHostsFile=${authorityFile}`, "StrictHostKeyChecking=yes"];
  await using host = clientHost(clientTargetOf(server, { options }));
  await expect(host.connect()).rejects.toMatchObject({
    code: "host_key_unknown",
    message: expect.stringMatching(/^The host key of 127\.0\.0\.1 port \d+ is not in the known_hosts files; .*\.$/),
  });
});
