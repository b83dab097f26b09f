import type { AnyAuthMethod, ParsedKey } from "ssh2";
import type { Asking } from "./passphrase.ts";
import type { Ssh2 } from "./ssh2.ts";
import type { AuthMethod } from "./target.ts";

/** One credential, as ssh2 takes it. */
export interface Attempt {
  /** For the error when all fail. */
  name: string;
  auth: AnyAuthMethod;
  /**
   * Set where ssh2 keeps the server's answer to itself (keys that sign in their own time): whether the server asked for the
   * signature. If so and the login goes on, it wants something more.
   */
  wasSigned?(): boolean;
}

/** One method of the target's `authentications`. */
export interface Method {
  readonly name: AuthMethod;
  /**
   * What to send; undefined when nothing of this method is left. May ask a person and rejects only when that fails.
   * `isPartial`: what was sent before was right, and the server wants something more.
   */
  next(isPartial: boolean): Promise<Attempt | undefined>;
}

/** What every method has at hand. */
export interface Login extends Asking {
  ssh2: Ssh2["ssh2"];
  /** From then on ssh2 must not be told anything; it would throw. */
  isOver(): boolean;
}

/** Names of RFC 4253 and RFC 8332 for a signature by this key. */
export const signatureName = ({ type }: Pick<ParsedKey, "type">, hash: string | undefined): string =>
  type !== "ssh-rsa" || hash === undefined || hash === "sha1" ? type : `rsa-sha2-${hash.slice("sha".length)}`;
