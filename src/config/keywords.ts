/** Keywords of ssh_config(5) that change what this program does. */
const USED = `
  AddressFamily BindAddress BindInterface CanonicalDomains CanonicalizeFallbackLocal CanonicalizeHostname
  CanonicalizeMaxDots CanonicalizePermittedCNAMEs CertificateFile ChallengeResponseAuthentication Ciphers Compression
  ConnectionAttempts ConnectTimeout DSAAuthentication ForwardAgent GlobalKnownHostsFile GSSAPIAuthentication
  GSSAPIDelegateCredentials HashKnownHosts HostbasedAuthentication HostKeyAlgorithms HostKeyAlias HostName
  IdentitiesOnly IdentityAgent IdentityFile IdentityFile2 IgnoreUnknown KbdInteractiveAuthentication KexAlgorithms
  KnownHostsCommand LogLevel MACs NumberOfPasswordPrompts PasswordAuthentication PKCS11Provider Port
  PreferredAuthentications ProxyCommand ProxyJump ProxyUseFdpass PubkeyAcceptedAlgorithms PubkeyAcceptedKeyTypes
  PubkeyAuthentication RemoteCommand RequestTTY RevokedHostKeys SecurityKeyProvider SendEnv ServerAliveCountMax
  ServerAliveInterval SetEnv SkeyAuthentication SmartcardDevice StrictHostKeyChecking Tag TISAuthentication User
  UserKnownHostsFile VerifyHostKeyDNS`;

/** The other keywords of OpenSSH 10's ssh_config(5), its accepted old spellings, and Apple's `UseKeychain`. */
const IGNORED = `
  AddKeysToAgent AFSTokenPassing BatchMode CASignatureAlgorithms ChannelTimeout CheckHostIP Cipher ClearAllForwardings
  CompressionLevel ControlMaster ControlPath ControlPersist DynamicForward EnableEscapeCommandline EnableSSHKeysign
  EscapeChar ExitOnForwardFailure FallBackToRsh FingerprintHash ForkAfterAuthentication ForwardX11 ForwardX11Timeout
  ForwardX11Trusted GatewayPorts GlobalKnownHostsFile2 GSSAPIClientIdentity GSSAPIKexAlgorithms GSSAPIKeyExchange
  GSSAPIRenewalForcesRekey GSSAPIServerIdentity GSSAPITrustDns Host HostbasedAcceptedAlgorithms HostbasedKeyTypes
  Include IPQoS KbdInteractiveDevices KeepAlive KerberosAuthentication KerberosTGTPassing LocalCommand LocalForward
  LogVerbose Match NoHostAuthenticationForLocalhost ObscureKeystrokeTiming PermitLocalCommand PermitRemoteOpen Protocol
  ProtocolKeepAlives RefuseConnection RekeyLimit RemoteForward RequiredRSASize RhostsAuthentication
  RhostsRSAAuthentication RSAAuthentication SessionType SetupTimeOut StdinNull StreamLocalBindMask
  StreamLocalBindUnlink SyslogFacility TCPKeepAlive Tunnel TunnelDevice UpdateHostKeys UseKeychain UsePrivilegedPort
  UseRoaming UseRsh UserKnownHostsFile2 VersionAddendum VisualHostKey WarnWeakCrypto XAuthLocation`;

/** Old spellings by what they mean (OpenSSH's readconf.c, `keywords`). */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["challengeresponseauthentication", "kbdinteractiveauthentication"],
  ["skeyauthentication", "kbdinteractiveauthentication"],
  ["tisauthentication", "kbdinteractiveauthentication"],
  ["dsaauthentication", "pubkeyauthentication"],
  ["identityfile2", "identityfile"],
  ["pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"],
  ["smartcarddevice", "pkcs11provider"],
]);

/** The name under which `ssh -G` prints the keyword, in lower case. */
export function canonicalKey(typed: string): string {
  const key = typed.toLowerCase();
  return ALIASES.get(key) ?? key;
}

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
