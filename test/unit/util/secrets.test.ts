import { expect, test } from "vitest";
import { withoutSecrets } from "../../../src/util/secrets.ts";

test("our secrets are left out in whatever case, and nothing else", () => {
  const env = { REMOTE_PASSWORD: "a", remote_passphrase: "b", Remote_Sudo_Password: "c", REMOTE_SSH: "ssh box", X: "" };
  expect(withoutSecrets(env)).toEqual({ REMOTE_SSH: "ssh box", X: "" });
});
