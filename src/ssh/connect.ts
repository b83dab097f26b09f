import type { Client } from "ssh2";
import type { RemoteError } from "../remote/error.ts";
import { nobody, type Prompter } from "../remote/prompter.ts";
import { onAbort, raceAbort } from "../util/abort.ts";
import { deferred } from "../util/deferred.ts";
import { pause } from "../util/pause.ts";
import { offeredAlgorithms } from "./algorithms.ts";
import { Attempt } from "./attempt.ts";
import { authHandler, readCredentials } from "./authenticate.ts";
import { LiveConnection } from "./connection.ts";
import { passwordExpired, proxyEnded, translateSshError } from "./errors.ts";
import { signFirstKeyAtOnce } from "./first-key.ts";
import { forwardedAgent } from "./forward-agent.ts";
import { fingerprint, hostVerifier, requireCheckable } from "./host-key.ts";
import { outOfTurn } from "./host-key-refusals.ts";
import { knownKeyTypes, knownName, typeOfKey, written } from "./known-hosts.ts";
import { readKnownHosts } from "./known-hosts-file.ts";
import { hidesKnownKey, needsHugeGroup, noSharedAlgorithm, openToTerrapin } from "./no-shared-algorithm.ts";
import { ProxyStream } from "./proxy.ts";
import type { PulseTimes } from "./pulse.ts";
import { onServerOffer } from "./server-offer.ts";
import { loadSsh2 } from "./ssh2.ts";
import type { SshTarget } from "./target.ts";
import { openWay } from "./way.ts";

/** One authenticated SSH connection. Disposing it closes its sockets and those of its jump hosts. */
export interface Connection extends AsyncDisposable {
  readonly target: SshTarget;
  readonly client: Client;
  /** The server's software as it names itself, `OpenSSH_9.2p1` for one. */
  readonly serverIdent: string;
  /** `SHA256:…` */
  readonly hostKey: string;
  /** As it travels over the wire. */
  readonly hostKeyBlob: Buffer;
  /** The keys of this machine and of its jump hosts, for further connections to it. */
  readonly pins: Pins;
  /** Resolves once, when the connection ended, with the first reason; never rejects. */
  readonly closed: Promise<RemoteError>;
  /** Aborts at the same moment with the same reason: for those who listen for a while and then stop. */
  readonly ended: AbortSignal;
  /**
   * To be called when a call begins: asks the other side for a sign of life if nothing was heard for seconds, and ends the
   * connection when none comes. Costs no round trip, the call goes on beside it.
   */
  check(): void;
}

/** Host keys by machine, jump hosts included. */
export type Pins = Map<string, Buffer>;

export interface ConnectOptions {
  /** Ends the attempt at once; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** Milliseconds for each machine on the way where its own timeout is longer. */
  timeoutMs?: number;
  /** Keys of earlier connections: another one is refused whatever the files say. Keys met for the first time are added. */
  pins?: Pins;
  /** Whom to ask for passphrases, passwords and unknown host keys. The time that a person takes does not count. */
  prompter?: Prompter;
  /** How soon a dead line is noticed. */
  pulse?: Partial<PulseTimes>;
}

/** How often a server that hangs up before its greeting is asked again: sshd does so at random under load (MaxStartups). */
const greetingAttempts = 3;
/** OpenSSH's default LoginGraceTime (sshd_config(5)), in ms: longer no server waits for a login. */
const loginGraceMs = 120_000;
/** Milliseconds before the next attempt, the same again at random: several clients must not come back together. */
const greetingPauseMs = 150;

/**
 * Connects to the target, through its jump hosts one after the other. Each machine's key is checked before any credential
 * is offered, and each has its own connect timeout. Rejects with `RemoteError`, or with the signal's reason after abort; then
 * nothing stays open.
 */
export async function connect(target: SshTarget, options: ConnectOptions = {}): Promise<Connection> {
  const { pins = new Map() } = options;
  let via: LiveConnection | undefined;
  for (const hop of target.jumps) via = await connectOne(hop, { ...options, pins, via });
  const live = await connectOne(target, { ...options, pins, via });
  const { client, serverIdent, hostKeyBlob, closed, ended } = live;
  const hostKey = fingerprint(hostKeyBlob);
  const dispose = () => live[Symbol.asyncDispose]();
  const check = () => live.check();
  return {
    target,
    client,
    serverIdent,
    hostKey,
    hostKeyBlob,
    pins,
    closed,
    ended,
    check,
    [Symbol.asyncDispose]: dispose,
  };
}

interface OneOptions extends ConnectOptions {
  via?: LiveConnection;
}

async function connectOne(target: SshTarget, options: OneOptions): Promise<LiveConnection> {
  const { signal, via, prompter = nobody, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const attempt = new Attempt(target, { limitMs: Math.min(target.connectTimeoutMs, timeoutMs), prompter });
  const off = onAbort(signal, () => attempt.abort(signal?.reason));
  try {
    attempt.signal.throwIfAborted();
    for (let left = greetingAttempts - 1; ; left--) {
      const result = await openOne(target, options, attempt);
      if (result instanceof LiveConnection) return result;
      if (left === 0 || via?.isOver) throw result;
      await pause(greetingPauseMs * (1 + Math.random()), attempt.signal);
    }
  } catch (error) {
    await via?.[Symbol.asyncDispose]();
    throw attempt.signal.aborted ? attempt.signal.reason : translateSshError(error, target);
  } finally {
    off();
    attempt.end();
  }
}

/** The name under which a machine's key is remembered: where it is connected to, not what it is called. */
const pinName = (target: SshTarget): string => written(...knownName(target));

/** A connection, or the reason why the server hung up before its greeting: only then another attempt makes sense. */
async function openOne(
  target: SshTarget,
  { via, pins, pulse }: OneOptions,
  attempt: Attempt,
): Promise<LiveConnection | RemoteError> {
  const { signal } = attempt;
  const pinnedKey = pins?.get(pinName(target));
  attempt.stage = "the known host keys, key files and the ssh-agent";
  const { ssh2, able } = await loadSsh2();
  const [lines, credentials] = await raceAbort(
    Promise.all([readKnownHosts(target.knownHostsFiles), readCredentials(target, ssh2)]),
    signal,
  );
  const pinnedType = pinnedKey && typeOfKey(pinnedKey);
  const keyTypes = pinnedType ? [pinnedType] : knownKeyTypes(lines, ...knownName(target));
  const algorithms = offeredAlgorithms(target, keyTypes, able);
  requireCheckable({ target, lines, pinnedKey }, algorithms);

  const stream = await openWay(target, { via, attempt });
  const client = new ssh2.Client();
  const live = new LiveConnection(target, client, stream, via);
  const proxy = stream instanceof ProxyStream ? stream : undefined;
  const greeting = proxy ? "the server's greeting through the proxy command" : "the server's greeting";
  attempt.stage = () => (live.serverIdent === "" ? greeting : "the server's SSH handshake");
  const ready = deferred<void>();
  // ssh2 heeds what a server says while its key is being decided about, and answers without encryption.
  let isLoginDue = false;
  client.once("ready", () => {
    if (!isLoginDue) return live.fail(outOfTurn(target));
    isLoginDue = false;
    ready.resolve();
  });
  client.once("handshake", () => {
    attempt.stage = "the answer to the login";
  });
  // Unanswered it would hang: the new password is the person's business, not ours.
  client.on("change password", () => live.fail(passwordExpired(target)));
  const off = onAbort(signal, () => live.fail(translateSshError(signal.reason, target)));
  onServerOffer(stream, (server) => {
    const sides = { target, offered: algorithms, server, able };
    const reason =
      noSharedAlgorithm(sides) ?? hidesKnownKey(sides, keyTypes) ?? openToTerrapin(sides) ?? needsHugeGroup(sides);
    if (reason) live.fail(reason);
  });
  try {
    client.connect({
      sock: stream,
      username: target.user,
      algorithms,
      // ssh2's own timer would not count the time before the socket was open.
      readyTimeout: 0,
      keepaliveInterval: target.serverAliveIntervalMs,
      keepaliveCountMax: target.serverAliveCountMax,
      ...forwardedAgent(target),
      hostVerifier: hostVerifier(
        { target, lines, pinnedKey, prompter: attempt, signal: AbortSignal.any([signal, live.ended]) },
        {
          accepted: (key) => {
            isLoginDue ||= live.hostKeyBlob.length === 0;
            live.hostKeyBlob = Buffer.from(key);
          },
          refused: (reason) => live.fail(translateSshError(reason, target)),
          isOver: () => live.isOver,
        },
      ),
      authHandler: authHandler(target, credentials, {
        ssh2,
        prompter: attempt,
        signal: AbortSignal.any([signal, live.ended]),
        isDue: () => isLoginDue,
        isOver: () => live.isOver,
        isSlow: () => attempt.allow(loginGraceMs),
        failed: (reason) => live.fail(reason),
      }),
    });
    signFirstKeyAtOnce(client);
    const reason = await Promise.race([ready.promise, live.closed]);
    if (!reason) {
      // By now the machine has proved that it has the key.
      pins?.set(pinName(target), live.hostKeyBlob);
      live.watch(pulse);
      return live;
    }
    if (live.serverIdent !== "" || (reason.code !== "unreachable" && reason.code !== "connection_lost")) throw reason;
    await live[Symbol.asyncDispose]();
    const end = proxy && (await raceAbort(proxy.ended, signal));
    if (end && end.exitCode !== 0) throw proxyEnded(target, end);
    return end ? proxyEnded(target, end) : reason;
  } catch (error) {
    live.fail(translateSshError(error, target));
    // A jump host that no longer answers would keep us waiting; its own connection is closed by whoever opened it.
    if (!via) await live[Symbol.asyncDispose]();
    throw error;
  } finally {
    off();
  }
}
