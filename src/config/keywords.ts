/** Keywords of ssh_config(5) that change what this program does. */
const USED = `
  AddressFamily CanonicalDomains CanonicalizeFallbackLocal CanonicalizeHostname CanonicalizeMaxDots
  CanonicalizePermittedCNAMEs Ciphers ConnectTimeout GlobalKnownHostsFile HostKeyAlgorithms HostKeyAlias HostName
  IdentitiesOnly IdentityAgent IdentityFile IgnoreUnknown KexAlgorithms MACs Port ProxyCommand ProxyJump RemoteCommand
  RevokedHostKeys ServerAliveCountMax ServerAliveInterval StrictHostKeyChecking Tag User UserKnownHostsFile`;

/** The other keywords of OpenSSH 10's ssh_config(5), its accepted old spellings, and Apple's `UseKeychain`. */
const IGNORED = `
  AddKeysToAgent BatchMode BindAddress BindInterface CASignatureAlgorithms CertificateFile
  ChallengeResponseAuthentication ChannelTimeout CheckHostIP Cipher ClearAllForwardings Compression CompressionLevel
  ConnectionAttempts ControlMaster ControlPath ControlPersist DSAAuthentication DynamicForward EnableEscapeCommandline
  EnableSSHKeysign EscapeChar ExitOnForwardFailure FingerprintHash ForkAfterAuthentication ForwardAgent ForwardX11
  ForwardX11Timeout ForwardX11Trusted GatewayPorts GlobalKnownHostsFile2 GSSAPIAuthentication GSSAPIClientIdentity
  GSSAPIDelegateCredentials GSSAPIKexAlgorithms GSSAPIKeyExchange GSSAPIRenewalForcesRekey GSSAPIServerIdentity
  GSSAPITrustDns HashKnownHosts Host HostbasedAcceptedAlgorithms HostbasedAuthentication HostbasedKeyTypes Include
  IPQoS KbdInteractiveAuthentication KbdInteractiveDevices KeepAlive KnownHostsCommand LocalCommand LocalForward
  LogLevel LogVerbose Match NoHostAuthenticationForLocalhost NumberOfPasswordPrompts ObscureKeystrokeTiming
  PasswordAuthentication PermitLocalCommand PermitRemoteOpen PKCS11Provider PreferredAuthentications Protocol
  ProtocolKeepAlives ProxyUseFdpass PubkeyAcceptedAlgorithms PubkeyAcceptedKeyTypes PubkeyAuthentication RefuseConnection
  RekeyLimit RemoteForward RequestTTY RequiredRSASize RhostsRSAAuthentication RSAAuthentication SecurityKeyProvider
  SendEnv SessionType SetEnv SetupTimeOut SmartcardDevice StdinNull StreamLocalBindMask StreamLocalBindUnlink
  SyslogFacility TCPKeepAlive Tunnel TunnelDevice UpdateHostKeys UseKeychain UsePrivilegedPort UserKnownHostsFile2
  VerifyHostKeyDNS VersionAddendum VisualHostKey WarnWeakCrypto XAuthLocation`;

export interface Keyword {
  /** As ssh_config(5) spells it. */
  name: string;
  /** False: OpenSSH knows it, but it has no effect here. */
  used: boolean;
}

const namesOf = (list: string): string[] => list.trim().split(/\s+/);

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  [
    ...namesOf(USED).map((name) => ({ name, used: true })),
    ...namesOf(IGNORED).map((name) => ({ name, used: false })),
  ].map((keyword) => [keyword.name.toLowerCase(), keyword]),
);

/** The keyword of ssh_config(5), whatever the case it is typed in. */
export const keywordOf = (typed: string): Keyword | undefined => KEYWORDS.get(typed.toLowerCase());

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The keyword that `typed` was most likely meant to be; undefined when none is close (a third of its letters differ). */
export function nearestKeyword(typed: string): string | undefined {
  const wanted = typed.toLowerCase().slice(0, 64);
  let best: { name: string; distance: number } | undefined;
  for (const [key, { name }] of KEYWORDS) {
    const candidate = { name, distance: distance(wanted, key) };
    if (best === undefined || candidate.distance < best.distance) best = candidate;
  }
  return best !== undefined && best.distance <= Math.ceil(wanted.length / 3) ? best.name : undefined;
}
