import { RemoteError, type RemoteErrorCode } from "../remote/error.ts";
import { knownName, written } from "./known-hosts.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

/** The key that a machine showed, in the words of a sentence. */
export interface ShownKey {
  key: Buffer;
  /** `SHA256:…` */
  fingerprint: string;
  /** `ssh-ed25519` for one. */
  type: string;
}

const entryOf = (target: SshTarget): string => written(...knownName(target));
const filesOf = (target: SshTarget): string => target.knownHostsFiles.join(", ") || "any file";

function refusal(target: SshTarget, code: RemoteErrorCode, message: string, lacks?: string): RemoteError {
  return new RemoteError(code, message, { host: target.host, ...(lacks === undefined ? {} : { lacks }) });
}

export function known(target: SshTarget, { fingerprint }: ShownKey, found: "changed" | "revoked"): RemoteError {
  const machine = hostAndPort(target);
  const message =
    found === "revoked"
      ? `The host key of ${machine} (${fingerprint}) is marked as revoked in ${filesOf(target)}; do not connect, ask the machine's administrator for a new key.`
      : `The host key of ${machine} is not the known one (it is now ${fingerprint}): either the machine was reinstalled or somebody is in between; ask its administrator, and only if the new key is right remove the old one with: ssh-keygen -R '${entryOf(target)}' (known keys: ${filesOf(target)}).`;
  return refusal(target, "host_key_changed", message);
}

export function changedDuringSession(target: SshTarget, { fingerprint }: ShownKey): RemoteError {
  const message = `The host key of ${hostAndPort(target)} changed since this session began (it is now ${fingerprint}); if that was expected, start OpenCode again, else ask the machine's administrator.`;
  return refusal(target, "host_key_changed", message);
}

export function unknown(target: SshTarget, { fingerprint }: ShownKey): RemoteError {
  const message = `The host key of ${hostAndPort(target)} (${fingerprint}) is not in ${filesOf(target)}; compare the fingerprint with the machine's own and connect once with ssh to accept it, or add -o StrictHostKeyChecking=accept-new to the ssh options.`;
  return refusal(target, "host_key_unknown", message);
}

export function unrecordable(target: SshTarget, { fingerprint }: ShownKey): RemoteError {
  const why =
    target.knownHostsFiles.length === 0 || target.knownHostsReadOnly
      ? "there is no known_hosts file of the user's to remember it in; set UserKnownHostsFile in the ssh options"
      : `it cannot be remembered under the name ${entryOf(target)}; set a plain HostKeyAlias in the ssh options`;
  const message = `The host key of ${hostAndPort(target)} (${fingerprint}) is not known and ${why}.`;
  return refusal(target, "host_key_unknown", message);
}

export function needsCertificate(target: SshTarget, { fingerprint }: ShownKey): RemoteError {
  const message = `The host key of ${hostAndPort(target)} (${fingerprint}) is not in ${filesOf(target)}, only the authority that signs such keys is, and host certificates are not supported here; connect through the system's ssh instead, or add the key itself.`;
  return refusal(target, "host_key_unknown", message, "host certificates");
}

export function uncheckable(target: SshTarget, types: readonly string[]): RemoteError {
  const names = types.join(", ");
  const way = names === "ssh-dss" ? "add -o HostKeyAlgorithms=+ssh-dss to the ssh options or " : "";
  const message = `Only host keys of type ${names} are known of ${hostAndPort(target)}, which cannot be checked here; ${way}connect through the system's ssh instead, or add the machine's key of another type to ${filesOf(target)}.`;
  return refusal(target, "host_key_unknown", message, `host keys of type ${names}`);
}

/** The server went on to the login before its key was accepted, or came back to it afterwards. */
export function outOfTurn(target: SshTarget): RemoteError {
  const message = `${hostAndPort(target)} spoke of the login when it was not its turn, so it was offered nothing and the connection was closed; either its SSH server is broken or somebody is in between: ask its administrator.`;
  return refusal(target, "protocol", message);
}

export function malformed(target: SshTarget): RemoteError {
  const message = `${hostAndPort(target)} showed a host key that is none (or an RSA key that is too short to be safe); check what listens there and ask the machine's administrator.`;
  return refusal(target, "protocol", message);
}
