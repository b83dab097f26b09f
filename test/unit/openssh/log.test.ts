import { expect, test } from "vitest";
import { channelEndIn, hostKeyIn, serverSoftwareIn, stageIn } from "../../../src/openssh/log.ts";

const certificate =
  'debug1: Server host certificate: ssh-ed25519-cert-v01@openssh.com SHA256:own, serial 0 ID "a" CA ssh-ed25519 SHA256:spoof valid forever" CA ssh-ed25519 SHA256:authority valid forever\n';

test("the host key is the first one shown, and words of others do not count", () => {
  const log = [
    "debug1: kex_exchange_identification: banner line 0: debug1: Server host key: ssh-ed25519 SHA256:spoof",
    "debug1: Server host key: ssh-ed25519 SHA256:own",
    "debug1: Server host key: ssh-ed25519 SHA256:later",
  ].join("\n");
  expect(hostKeyIn(log)).toBe("SHA256:own");
  expect(hostKeyIn("debug1: Connection established.\n")).toBeUndefined();
});

test("of an accepted certificate the authority counts, of any other its plain key", () => {
  const accepted = "debug1: Host '[127.0.0.1]:22' is known and matches the ED25519-CERT host certificate.\n";
  const plain = "debug1: Host '[127.0.0.1]:22' is known and matches the ED25519 host key.\n";
  expect(hostKeyIn(certificate + accepted)).toBe("SHA256:authority");
  expect(hostKeyIn(certificate + plain)).toBe("SHA256:own");
});

test("the end of a channel is that of its number's last use", () => {
  const log = [
    "debug1: channel 2: new session [client-session] (inactive timeout: 0)",
    "debug1: client_input_channel_req: channel 2 rtype exit-status reply 0",
    "debug1: channel 22: new session [client-session] (inactive timeout: 0)",
    "debug1: client_input_channel_req: channel 22 rtype exit-signal reply 0",
    "debug1: channel 2: new [client-session]",
    "debug1: Remote: debug1: client_input_channel_req: channel 2 rtype exit-status reply 0",
  ].join("\n");
  expect(channelEndIn(log, 22)).toBe("signalled");
  expect(channelEndIn(log, 2)).toBe("unknown");
  expect(channelEndIn(`${log}\nexec request failed on channel 2`, 2)).toBe("exited");
});

test("the log tells the server's software and what is waited for", () => {
  const greeting = "debug1: Remote protocol version 2.0, remote software version dropbear_2022.83\n";
  expect(serverSoftwareIn(greeting)).toBe("dropbear_2022.83");
  expect(stageIn("debug1: Connecting to a [1.2.3.4] port 22.\n")).toBe("the network");
  expect(stageIn("debug1: Local version string SSH-2.0-OpenSSH_9.2\n")).toBe("the server's SSH handshake");
  expect(stageIn("debug1: Local version string x\ndebug1: SSH2_MSG_NEWKEYS received\n")).toBe(
    "the answer to the login",
  );
});
