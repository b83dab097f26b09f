/**
 * Fail closed. OpenCode goes on with its local tools, without a word, when a plugin cannot be loaded. So a session starts
 * with a rule that denies every tool, and the plugin itself takes it away once it runs: no plugin, no tool.
 *
 * OpenCode matches the key of a permission rule as a wildcard and the last matching rule counts. A key that nobody else uses
 * comes last, beats the user's own rules without replacing them, and leaves exactly those when it is taken away.
 */
const key = "***";

/** The rule that denies everything, to be merged after all others. */
export const guardRule = (): Record<string, "deny"> => ({ [key]: "deny" });

/** Takes the guard's rule out of OpenCode's merged configuration, in place. */
export function liftGuard(config: { permission?: unknown }): void {
  const { permission } = config;
  if (typeof permission === "object" && permission !== null) Reflect.deleteProperty(permission, key);
}
