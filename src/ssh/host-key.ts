import { createHash } from "node:crypto";
import type { Algorithms, HostVerifier } from "ssh2";
import type { RemoteError } from "../remote/error.ts";
import type { Prompter } from "../remote/prompter.ts";
import { askAboutKey } from "./host-key-question.ts";
import * as refused from "./host-key-refusals.ts";
import { hasAuthority, isRecordable, type KnownHostLine, knownName, uncheckableTypes, verdict } from "./known-hosts.ts";
import { appendKnownHost, readKnownHosts } from "./known-hosts-file.ts";
import { canonicalKey } from "./known-key.ts";
import type { SshTarget } from "./target.ts";

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
  /** Takes a question back; a key is neither accepted nor remembered after that. */
  signal: AbortSignal;
}

/**
 * Throws `host_key_unknown` when none of the machine's known keys is of a type that can be checked here: any key that it
 * could show would look changed. `serverHostKey` lists what the server may choose from.
 */
export function requireCheckable(
  check: Pick<HostKeyCheck, "target" | "lines" | "pinnedKey">,
  { serverHostKey }: Pick<Algorithms, "serverHostKey">,
): void {
  const offered = Array.isArray(serverHostKey) ? serverHostKey : [];
  const types = check.pinnedKey ? [] : uncheckableTypes(check.lines, knownName(check.target), offered);
  if (types.length > 0) throw refused.uncheckable(check.target, types);
}

/**
 * Decides about a host key; returns the reason of a refusal. A changed or revoked key is refused in every mode; an unknown
 * one is refused, or accepted and remembered in the first known_hosts file: for `accept-new` and `no`, and for `ask` after
 * the person said so. Rejects with the signal's reason.
 */
export async function verifyHostKey(key: Buffer, check: HostKeyCheck): Promise<RemoteError | undefined> {
  const { target, lines, pinnedKey, signal } = check;
  const [name, port] = knownName(target);
  const shown = { key, fingerprint: fingerprint(key), type: canonicalKey(key)?.type ?? "" };
  if (pinnedKey && !pinnedKey.equals(key)) return refused.changedDuringSession(target, shown);
  if (shown.type === "") return refused.malformed(target);
  const found = verdict(lines, name, port, key);
  if (found === "changed" || found === "revoked") return refused.known(target, shown, found);
  if (found === "ok" || pinnedKey) return undefined;

  const file = target.knownHostsReadOnly ? undefined : target.knownHostsFiles[0];
  const mode = target.strictHostKeyChecking;
  // As with ssh: a key that could not be remembered under this name is not accepted in any mode.
  if (file === undefined || !isRecordable(name)) return refused.unrecordable(target, shown);
  if (mode === "yes" || mode === "ask") {
    if (hasAuthority(lines, name, port)) return refused.needsCertificate(target, shown);
    if (mode === "yes" || !(await askAboutKey(shown, check))) return refused.unknown(target, shown);
  }
  signal.throwIfAborted();
  const now = await remember(file, key, check);
  return now === "changed" || now === "revoked" ? refused.known(target, shown, now) : undefined;
}

/** As with ssh, a file that cannot be written does not keep from connecting; the session pins the key all the same. */
async function remember(file: string, key: Buffer, check: HostKeyCheck) {
  const { target, signal } = check;
  const [name, port] = knownName(target);
  try {
    return await appendKnownHost(file, { name, port, key, isHashed: target.hashKnownHosts }, signal);
  } catch {
    signal.throwIfAborted();
    return verdict(await readKnownHosts(target.knownHostsFiles), name, port, key);
  }
}

/**
 * ssh2's verifier. ssh2 takes everything but the value `false` for consent, even an error or nothing: so this answers
 * only through the callback, only with strict booleans, and at most once. `refused` hears the reason before that, and an
 * error that ssh2 itself throws at the answer. Keys are exchanged again within a connection; the key that was accepted
 * first must come back. A server may start the next exchange before this one is answered: one key after the other.
 */
export function hostVerifier(
  check: HostKeyCheck,
  on: { accepted(key: Buffer): void; refused(reason: unknown): void; isOver(): boolean },
): HostVerifier {
  let pinnedKey = check.pinnedKey;
  let accepted: Buffer | undefined;
  let turn: Promise<void> = Promise.resolve();
  return (key, verify) => {
    const presented = Buffer.from(key);
    // At once: where the line is compressed ssh2 cannot wait in a later exchange, it has closed its compressor by then.
    if (accepted?.equals(presented)) return verify(true);
    const decide = async () => {
      const refusal = await verifyHostKey(presented, { ...check, pinnedKey }).then(
        (reason) => reason && { reason },
        (reason: unknown) => ({ reason }),
      );
      // ssh2 throws when it gets an answer after its connection died.
      if (on.isOver()) return;
      if (refusal) {
        on.refused(refusal.reason);
        verify(false);
      } else {
        pinnedKey = presented;
        accepted = presented;
        on.accepted(presented);
        verify(true);
      }
    };
    turn = turn.then(decide).catch(on.refused);
  };
}
