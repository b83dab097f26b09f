import { setMaxListeners } from "node:events";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import { type Deferred, deferred } from "../util/deferred.ts";
import { connectionLost, isSkippedCredential, noAnswer, translateSshError } from "./errors.ts";
import { Pulse, type PulseTimes } from "./pulse.ts";
import { whenClosed } from "./socket.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** Milliseconds that the other side gets to close in its turn before the socket is torn down. */
const goodbyeMs = 300;

/** One SSH connection. Owns its socket and, where there are jump hosts, the connection that it runs through. */
export class LiveConnection implements AsyncDisposable {
  /** Resolves once, when the connection ended, with the first reason; never rejects. */
  readonly closed: Promise<RemoteError>;
  readonly ended: AbortSignal;
  /** The host key that was accepted. */
  hostKeyBlob: Buffer = Buffer.alloc(0);
  #isOver = false;
  #disposal: Promise<void> | undefined;
  #pulse: Pulse | undefined;
  readonly #closed: Deferred<RemoteError> = deferred();
  readonly #ended = new AbortController();
  readonly #via: LiveConnection | undefined;

  constructor(
    readonly target: SshTarget,
    readonly client: Client,
    private readonly stream: Duplex,
    via?: LiveConnection,
  ) {
    this.closed = this.#closed.promise;
    this.ended = this.#ended.signal;
    // Every command under way listens to it, and Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.ended);
    this.#via = via;
    // They stay for good: an error that comes after the end would otherwise end the process.
    client.on("error", (error) => this.#heard(error));
    stream.on("error", (error) => this.#heard(error));
    client.on("end", () => this.fail(connectionLost(target)));
    client.on("close", () => this.fail(connectionLost(target)));
    void via?.closed.then((reason) => this.fail(lostWithHop(target, reason)));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The server's software as it names itself, `OpenSSH_9.2p1` for one; empty until its greeting came. */
  get serverIdent(): string {
    // ssh2 keeps it to itself.
    const ident: unknown = Reflect.get(this.client, "_remoteVer");
    return typeof ident === "string" ? ident : "";
  }

  /** From now on a dead line is noticed, also when nobody asks. Called once, when the login was accepted. */
  watch(times?: Partial<PulseTimes>): void {
    if (this.#isOver) return;
    const { client, stream, target } = this;
    const pulse = new Pulse({
      ask: () => askForReply(client),
      silent: () => this.fail(noAnswer(target)),
      unsent: () => stream.writableLength,
      times,
    });
    stream.on("data", () => pulse.heard());
    this.#pulse = pulse;
  }

  check(): void {
    if (this.#isOver) return;
    // The hop first: when its line is dead, it is what the error is about.
    this.#via?.check();
    this.#pulse?.check();
  }

  /** Ends the connection at once; the first reason is what counts. */
  fail(reason: RemoteError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stream.destroy();
    this.#tell(reason);
    void this.#via?.[Symbol.asyncDispose]();
  }

  /** Says goodbye, closes the socket and then the hops. Idempotent; never rejects. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    if (!this.#isOver) {
      this.#isOver = true;
      const { host } = this.target;
      const message = `The connection to ${hostAndPort(this.target)} was closed.`;
      this.#tell(new RemoteError("closed", message, { host }));
      this.client.end();
      await whenClosed(this.stream, goodbyeMs);
    }
    this.stream.destroy();
    await whenClosed(this.stream, goodbyeMs);
    await this.#via?.[Symbol.asyncDispose]();
  }

  #tell(reason: RemoteError): void {
    this.#pulse?.stop();
    this.#closed.resolve(reason);
    this.#ended.abort(reason);
  }

  #heard(error: unknown): void {
    if (!isSkippedCredential(error)) this.fail(translateSshError(error, this.target));
  }
}

/** ssh2's own keepalive, which it sends only by its own clock: a global request that the server must answer. */
function askForReply(client: Client): void {
  const protocol: unknown = Reflect.get(client, "_protocol");
  const callbacks: unknown = Reflect.get(client, "_callbacks");
  if (typeof protocol !== "object" || protocol === null || !Array.isArray(callbacks)) return;
  const ping: unknown = Reflect.get(protocol, "ping");
  if (typeof ping !== "function") return;
  // Answers carry no number, so each one takes the oldest callback.
  callbacks.push(() => {});
  Reflect.apply(ping, protocol, []);
}

function lostWithHop(target: SshTarget, reason: RemoteError): RemoteError {
  const message = `The connection to ${hostAndPort(target)} was lost with its jump host: ${reason.message}`;
  return new RemoteError("connection_lost", message, { host: target.host }, { cause: reason });
}
