import { describe, expect, test } from "vitest";
import { RemoteError } from "../../../src/remote/error.ts";
import {
  connectTimedOut,
  isSkippedCredential,
  translateForwardError,
  translateSshError,
} from "../../../src/ssh/errors.ts";

const box = { host: "box", hostName: "10.0.0.1", port: 2222, connectTimeoutMs: 1500 };
const error = (message: string, facts: object = {}) => Object.assign(new Error(message), facts);

describe("translateSshError", () => {
  test.each<[what: string, error: unknown, code: string, part: string]>([
    ["an unknown name", error("getaddrinfo", { code: "ENOTFOUND" }), "unresolved", "box"],
    ["a busy resolver", error("getaddrinfo", { code: "EAI_AGAIN" }), "unresolved", "DNS"],
    ["a closed port", error("connect", { code: "ECONNREFUSED" }), "unreachable", "box port 2222"],
    ["no route", error("connect", { code: "EHOSTUNREACH" }), "unreachable", "EHOSTUNREACH"],
    ["every address refused", new AggregateError([error("a", { code: "ECONNREFUSED" })]), "unreachable", "listens"],
    ["the system's timeout", error("connect", { code: "ETIMEDOUT" }), "connect_timeout", "does not answer"],
    ["a reset", error("read", { code: "ECONNRESET" }), "connection_lost", "ECONNRESET"],
    ["no cipher in common", error("Handshake failed: no matching C->S cipher"), "no_shared_algorithm", "C->S cipher"],
    ["a strange handshake", error("Bad things", { level: "handshake" }), "protocol", "Bad things"],
    ["a web server", error("Header line too long"), "protocol", "no SSH server"],
    ["too many keys", error("Too many authentication failures", { code: 2 }), "auth_failed", "-i"],
    ["silence", error("Keepalive timeout", { level: "client-timeout" }), "connection_lost", "no longer answers"],
    ["a dead client", error("No response from server"), "connection_lost", "was lost"],
    ["text from a login shell", error("Packet length 1464159299 exceeds max length of 262144"), "protocol", '"WELC…"'],
    ["a senseless length", error("Packet length 4 exceeds max length of 2"), "protocol", "4 bytes"],
    [
      "one channel too many",
      error("(SSH) Channel open failure: open failed", { reason: 2 }),
      "unsupported",
      "MaxSessions",
    ],
    ["a forbidden channel", error("(SSH) Channel open failure: no", { reason: 1 }), "unsupported", "another account"],
    ["the server's goodbye", error("Idle.\r\nBye\u001b[31m.", { code: 2 }), "connection_lost", "Idle. Bye [31m."],
    ["anything else", error("Strange"), "connection_lost", "Strange"],
    ["no error at all", "a string", "connection_lost", "a string"],
  ])("%s", (_what, given, code, part) => {
    const translated = translateSshError(given, box);
    expect(translated.code).toBe(code);
    expect(translated.message).toContain(part);
    expect(translated.message).toMatch(/^[\x20-\x7e…]+\.$/);
    expect(translated.message).toContain("box");
    expect(translated.data).toEqual({ host: "box" });
    expect(translated.cause).toBe(given);
  });

  test("passes a RemoteError through", () => {
    const own = new RemoteError("conflict", "Mine.");
    expect(translateSshError(own, box)).toBe(own);
  });
});

test("a refused forward names both machines, a lost hop only itself", () => {
  const hop = { host: "gate", port: 22 };
  const refused = translateForwardError(
    error("(SSH) Channel open failure: Connection refused", { reason: 2 }),
    hop,
    box,
  );
  expect(refused.message).toContain("gate port 22 cannot reach 10.0.0.1 port 2222 (Connection refused)");
  const lost = translateForwardError(error("No response from server"), hop, box);
  expect(lost).toMatchObject({ code: "connection_lost", data: { host: "gate" } });
});

test("the timeout names the limit in seconds and what was waited for", () => {
  expect(connectTimedOut(box, "the network").message).toContain("within 1.5 s, still waiting for the network");
});

test("errors of single credentials do not end the login", () => {
  expect(isSkippedCredential(error("agent refused", { level: "agent" }))).toBe(true);
  expect(isSkippedCredential(error("reset", { level: "client-socket" }))).toBe(false);
});
