import { expect, test } from "vitest";
import * as z from "zod";
import { allTools } from "../../../src/tools/all.ts";
import schemas from "./schemas.json" with { type: "json" };

const tools = allTools(() => {
  throw new Error("REMOTE_SSH is not usable.");
});

test("there are exactly the seven tools that OpenCode has built in", () => {
  expect(Object.keys(tools).sort()).toEqual(Object.keys(schemas).sort());
});

test.each(Object.entries(schemas))("%s takes the arguments of OpenCode's own tool", (name, schema) => {
  expect(z.toJSONSchema(z.object(tools[name]?.args ?? {}), { io: "input" })).toEqual(schema);
});

test.each(Object.keys(schemas))("%s says where it acts", (name) => {
  expect(tools[name]?.description).toMatch(/remote machine/);
});
