import { expect, test } from "vitest";
import { connect } from "../../src/ssh/connect.ts";
import { run } from "../support/connection.ts";
import { startDelayLine } from "../support/delay-line.ts";
import { startDropbear } from "../support/dropbear.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { targetOf } from "../support/ssh-target.ts";
import { startSshd } from "../support/sshd.ts";

/** Milliseconds. */
const roundTripMs = 200;
/** Round trips that a busy machine may add before a count is called wrong. */
const slack = 0.9;
/** The delay line is on this machine: the handshake of TCP, one round trip, costs nothing here. */
const ofTcp = 1;

/** OpenSSH's own client needs 9.8 to be ready; the session's shell takes its own time on the far side. */
test.each<[string, () => Promise<SshServer>]>([
  ["OpenSSH", () => startSshd({ shell: "/bin/sh" })],
  ["Dropbear", startDropbear],
])("connecting to %s with a key costs at most 7.2 round trips, the first command two more", async (_name, start) => {
  await using server = await start();
  await using line = await startDelayLine(server.port, roundTripMs / 2);
  const hostKeyAlias = `[127.0.0.1]:${server.port}`;
  // What is loaded and compiled once is no round trip.
  await (await connect(targetOf(server)))[Symbol.asyncDispose]();
  const trips = async <T>(work: Promise<T>): Promise<[T, number]> => {
    const start = performance.now();
    return [await work, (performance.now() - start) / roundTripMs];
  };
  const [connected, toConnect] = await trips(connect(targetOf(server, { port: line.port, hostKeyAlias })));
  await using connection = connected;
  // It is 5.3 on a machine with nothing else to do.
  expect(toConnect + ofTcp).toBeLessThan(7.2);
  const [, toRun] = await trips(run(connection, "true"));
  expect(toRun).toBeLessThan(2.1 + slack);
});
