/** Variables of ours that no other program may see. */
export const SECRETS: readonly string[] = ["REMOTE_PASSWORD", "REMOTE_SUDO_PASSWORD", "REMOTE_PASSPHRASE"];

/** For the environment of programs that the user's configuration names: on Windows a name counts in any case. */
export const withoutSecrets = (env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !SECRETS.includes(name.toUpperCase())));
