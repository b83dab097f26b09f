import { expect, test } from "vitest";
import { isPasswordPrompt } from "../../../src/util/password-prompt.ts";

test.each(["Password: ", "me@box's password:", "Passwort:", "Kennwort:", "Mot de passe :", "Contraseña:", "Pass word"])(
  "%s is for the password",
  (prompt) => expect(isPasswordPrompt(prompt)).toBe(true),
);

test.each([
  "One-time password:",
  "New password:",
  "Password + token code:",
  "OTP password:",
  "Verification code:",
  "PIN:",
])("%s is not", (prompt) => expect(isPasswordPrompt(prompt)).toBe(false));
