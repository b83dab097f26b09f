import { appendKnownHost } from "../../src/ssh/known-hosts-file.ts";

// A process of its own for tests: `file name port key`, the key in base64. Waits for a line so that many start at once.
const [file = "", name = "", port = "", key = ""] = process.argv.slice(2);
process.stdout.write("ready\n");
process.stdin.once("data", () => {
  appendKnownHost(file, { name, port: Number(port), key: Buffer.from(key, "base64") }).then(
    (answer) => process.stdout.write(`${answer}\n`, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${error}\n`);
      process.exit(1);
    },
  );
});
