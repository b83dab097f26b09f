import type { Client } from "ssh2";
import { isAgentRefused } from "./errors.ts";
import type { SshTarget } from "./target.ts";

/** The part of ssh2's configuration that forwards the agent; the first session of the connection asks for it. */
export const forwardedAgent = ({ forwardAgent, agent }: SshTarget): { agentForward?: boolean; agent?: string } =>
  forwardAgent && agent !== undefined ? { agentForward: true, agent } : {};

/**
 * True when a session was refused for the agent alone: ssh2 gives up such a session, ssh goes on without the agent. From
 * then on this connection asks for it no more, and the same session may be opened again; its command did not run.
 */
export function withoutForwarding(client: Client, error: unknown): boolean {
  if (!isAgentRefused(error)) return false;
  const config: unknown = Reflect.get(client, "config");
  return typeof config === "object" && config !== null && Reflect.set(config, "allowAgentFwd", false);
}
