import { RemoteError } from "../remote/error.ts";
import { agentKeyTypes } from "./agent-types.ts";
import type { Keys } from "./public-keys.ts";
import { hostAndPort, type SshTarget } from "./target.ts";

export interface Outcome {
  keys: Keys;
  /** Names of what was offered, in order. */
  tried: readonly string[];
  /** The server's list of methods, empty where it is not known. */
  methodsLeft: readonly string[];
  /** What the user should know about credentials that were left out, as clauses. */
  notes: readonly string[];
}

const advice = "check the user name, name the right key with -i or load it into the agent, or set REMOTE_PASSWORD";

/** The server refused all that there was. `data.lacks` names what another ssh client could have offered. */
export async function refusal(target: SshTarget, outcome: Outcome): Promise<RemoteError> {
  const { tried, methodsLeft } = outcome;
  const lacks = await lacking(outcome);
  const offered =
    tried.length > 0 ? `tried ${[...new Set(tried)].join(", ")}` : "there was no usable key or password to try";
  const accepts = methodsLeft.length > 0 ? `; the server accepts ${methodsLeft.join(", ")}` : "";
  const clauses = [...outcome.notes, ...mismatch(target, methodsLeft)];
  if (lacks) clauses.push(`${lacks} can be used by the system's ssh only`);
  const left = [...new Set(clauses)].map((clause) => `; ${clause}`).join("");
  const message = `${hostAndPort(target)} refused the login as ${target.user} (${offered}${accepts}${left}); ${advice}.`;
  return new RemoteError("auth_failed", message, { host: target.host, ...(lacks && { lacks }) });
}

function mismatch(target: SshTarget, methodsLeft: readonly string[]): string[] {
  const ours = ["publickey", "keyboard-interactive", "password"] as const;
  const excluded = ours.filter((name) => methodsLeft.includes(name) && !target.authentications.includes(name));
  const clauses = excluded.map((name) => `the ssh options exclude ${name}`);
  const takesPasswords = methodsLeft.some((name) => name === "password" || name === "keyboard-interactive");
  if (target.password !== undefined && methodsLeft.length > 0 && !takesPasswords) {
    clauses.push("the server takes no passwords");
  }
  return clauses;
}

async function lacking({ keys, tried, methodsLeft }: Outcome): Promise<string | undefined> {
  const inAgent = keys.agent ? await agentKeyTypes(keys.agent.agent) : [];
  const hasCertificate =
    keys.files.some((file) => file.certificate) || inAgent.some((type) => type.includes("-cert-v0"));
  const hasSecurityKey =
    keys.files.some((file) => file.isSecurityKey) || inAgent.some((type) => type.startsWith("sk-"));
  const lacks = [
    ...(hasCertificate ? ["user certificates"] : []),
    ...(hasSecurityKey ? ["security keys (FIDO)"] : []),
    // Most servers of a Kerberos realm list it, also for those who have no ticket.
    ...(tried.length === 0 && methodsLeft.includes("gssapi-with-mic") ? ["GSSAPI"] : []),
  ];
  return lacks.length > 0 ? lacks.join(" and ") : undefined;
}
