import { createHash } from "node:crypto";
import type { HostVerifier } from "ssh2";
import { RemoteError } from "../remote/error.ts";
import type { Prompter } from "../remote/prompter.ts";
import { hasAuthority, type KnownHostLine, knownName, type Verdict, verdict, written } from "./known-hosts.ts";
import { appendKnownHost } from "./known-hosts-file.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** `SHA256:…` as OpenSSH shows it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

export interface HostKeyCheck {
  target: SshTarget;
  /** What the known_hosts files said before the connection was opened. */
  lines: readonly KnownHostLine[];
  /** The key that this session met first: then no other one will do, whatever the files say by now. */
  pinnedKey?: Buffer;
  prompter: Prompter;
  signal: AbortSignal;
}

/**
 * Decides about a host key; returns the reason of a refusal. A changed or revoked key is refused in every mode; an unknown
 * one is refused or, for `accept-new` and `no`, remembered in the first known_hosts file and accepted.
 */
export async function verifyHostKey(key: Buffer, check: HostKeyCheck): Promise<RemoteError | undefined> {
  const { target, lines, pinnedKey } = check;
  const [name, port] = knownName(target);
  if (pinnedKey && !pinnedKey.equals(key)) return changedDuringSession(target, key);
  const found = verdict(lines, name, port, key);
  if (found === "changed" || found === "revoked") return refusal(target, key, found);
  if (found === "ok" || pinnedKey) return undefined;
  const { strictHostKeyChecking } = target;
  if (strictHostKeyChecking !== "accept-new" && strictHostKeyChecking !== "no") return unknown(target, key, lines);
  const file = target.knownHostsFiles[0];
  if (file === undefined) return undefined;
  // As with ssh, a file that cannot be written does not keep from connecting; the session pins the key all the same.
  const now = await appendKnownHost(file, { name, port, key }).catch(() => "ok" as const);
  return now === "ok" ? undefined : refusal(target, key, now);
}

/**
 * ssh2's verifier. ssh2 takes everything but the value `false` for consent, even an error or nothing: so this answers
 * only through the callback, only with strict booleans, and exactly once. `refused` hears the reason before that.
 * Keys are exchanged again within a connection; the key that was accepted first must come back.
 */
export function hostVerifier(
  check: HostKeyCheck,
  on: { accepted(key: Buffer): void; refused(reason: unknown): void; isOver(): boolean },
): HostVerifier {
  let pinnedKey = check.pinnedKey;
  return (key, verify) => {
    const refuse = (reason: unknown) => {
      if (on.isOver()) return;
      on.refused(reason);
      verify(false);
    };
    verifyHostKey(key, { ...check, pinnedKey }).then((reason) => {
      if (reason !== undefined) return refuse(reason);
      // ssh2 throws when it gets an answer after its connection died.
      if (on.isOver()) return;
      pinnedKey = Buffer.from(key);
      on.accepted(pinnedKey);
      verify(true);
    }, refuse);
  };
}

function refusal(target: SshTarget, key: Buffer, found: Exclude<Verdict, "ok" | "unknown">): RemoteError {
  const entry = written(...knownName(target));
  const files = target.knownHostsFiles.join(", ");
  const message =
    found === "revoked"
      ? `The host key of ${hostAndPort(target)} (${fingerprint(key)}) is marked as revoked in ${files}; do not connect, ask the machine's administrator for a new key.`
      : `The host key of ${hostAndPort(target)} is not the known one (it is now ${fingerprint(key)}): either the machine was reinstalled or somebody is in between; ask its administrator, and only if the new key is right remove the old one with: ssh-keygen -R '${entry}' (known keys: ${files}).`;
  return new RemoteError("host_key_changed", message, { host: target.host });
}

function changedDuringSession(target: SshTarget, key: Buffer): RemoteError {
  const message = `The host key of ${hostAndPort(target)} changed since this session began (it is now ${fingerprint(key)}); if that was expected, start OpenCode again, else ask the machine's administrator.`;
  return new RemoteError("host_key_changed", message, { host: target.host });
}

function unknown(target: SshTarget, key: Buffer, lines: readonly KnownHostLine[]): RemoteError {
  const [name, port] = knownName(target);
  const files = target.knownHostsFiles.join(", ") || "any file";
  const what = `The host key of ${hostAndPort(target)} (${fingerprint(key)}) is not in ${files}`;
  const message = hasAuthority(lines, name, port)
    ? `${what}, only the authority that signs such keys is, and host certificates are not supported here; connect through the system's ssh instead, or add the key itself.`
    : `${what}; compare the fingerprint with the machine's own and connect once with ssh to accept it, or add -o StrictHostKeyChecking=accept-new to the ssh options.`;
  return new RemoteError("host_key_unknown", message, { host: target.host });
}
