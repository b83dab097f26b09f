import { expect, test } from "vitest";
import { locate } from "../../../src/launch/locate.ts";

const passwords = { REMOTE_PASSWORD: "login", REMOTE_SUDO_PASSWORD: "root" };

function located(location: string | undefined, env: NodeJS.ProcessEnv) {
  const found = locate(location, env);
  if ("problem" in found) throw new Error(found.problem);
  return found;
}

test("a named host replaces the environment's, with its directory and passwords", () => {
  const { env, settings } = located("dev@box", { REMOTE_SSH: "ssh other", REMOTE_WORKDIR: "/srv", ...passwords });
  expect(settings).toMatchObject({ ssh: { user: "dev", host: "box" } });
  expect([settings.workdir, settings.password, settings.sudoPassword]).toEqual([undefined, undefined, undefined]);
  expect(env.REMOTE_SSH).toBe("ssh dev@box");
  for (const name of ["REMOTE_WORKDIR", ...Object.keys(passwords)]) expect(env[name]).toBeUndefined();
});

test.each([undefined, "", "  "])("passwords beside REMOTE_SSH %j are for the named host", (REMOTE_SSH) => {
  const { env, settings } = located("box:/srv", { REMOTE_SSH, ...passwords });
  expect(settings).toMatchObject({ workdir: "/srv", password: "login", sudoPassword: "root" });
  expect(env).toMatchObject(passwords);
});

test("without a named host the environment counts as it is, and is not changed", () => {
  const given = { REMOTE_SSH: "ssh other", REMOTE_WORKDIR: "/srv", ...passwords };
  expect(located(undefined, given).env).toEqual(given);
  located("box", given);
  expect(given).toMatchObject({ REMOTE_SSH: "ssh other", ...passwords });
});

test("what is missing or wrong is said", () => {
  expect(locate(undefined, {})).toMatchObject({ problem: expect.stringMatching(/^Which host\?/) });
  expect(locate("box:relative", {})).toMatchObject({ problem: expect.stringContaining("no absolute directory") });
  expect(locate(undefined, { REMOTE_SSH: "ssh -p 0 box" })).toMatchObject({
    problem: expect.stringContaining("REMOTE_SSH"),
  });
});
