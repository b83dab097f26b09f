import { expect, test } from "vitest";
import { startDropbear } from "../support/dropbear.ts";
import { startSshPlace } from "../support/ssh-place.ts";

test("commands in a row and at once never meet Dropbear while it opens a session, which would end them all", async () => {
  await using server = await startDropbear();
  await using place = await startSshPlace(server);
  const { shell } = place.host;
  const ended: string[] = [];
  const run = async () => ended.push((await shell.exec("echo done")).ended);
  for (let i = 0; i < 150; i++) await run();
  await Promise.all(Array.from({ length: 30 }, run));
  // Some that end at any moment while others begin.
  const late = Array.from({ length: 4 }, (_, i) => shell.exec(`sleep 0.${i + 1}`));
  for (let i = 0; i < 20; i++) await run();
  for (const result of await Promise.all(late)) ended.push(result.ended);
  expect(ended).toEqual(Array(204).fill("exited"));
  expect(server.stderr()).not.toContain("assertion");
});
