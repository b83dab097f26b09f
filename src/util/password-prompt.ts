/** Whether a server's question is for the account's password: not for a code, and not for another password. */
export const isPasswordPrompt = (prompt: string): boolean =>
  /pass\s?wor[dt]|kennwort|mot de passe|contraseña|senha/i.test(prompt) &&
  !/one.?time|\b(otp|oath|new)\b|verification|code|token/i.test(prompt);
