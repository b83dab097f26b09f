import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Remote, startRemote } from "../support/remote.ts";
import { decoys, runSession, type Session } from "../support/session.ts";

/** Each tool, called by a scripted model in the real OpenCode, acts on the remote machine and on it alone. */

let remote: Remote;
beforeAll(async () => {
  remote = await startRemote();
});
afterAll(() => remote?.[Symbol.asyncDispose]());
beforeEach(async () => {
  await remote.sh(
    "rm -rf ./* ./.h*; printf 'this is the remote\\nsecond line\\n' >hello.txt; mkdir sub; echo deep >sub/deep.txt",
  );
});

const call = (name: string, args: object) => ({ calls: [{ name, arguments: args }] });

/** The tool call succeeded, and nothing changed where the launcher was started nor where OpenCode runs. */
function onlyRemote(session: Session): void {
  expect(session.parts.map((part) => [part.tool, part.status, part.status === "error" ? part.output : ""])).toEqual(
    session.parts.map((part) => [part.tool, "completed", ""]),
  );
  expect(session.parts.length).toBeGreaterThan(0);
  expect(session.local).toEqual(decoys);
  expect(session.sessionDirectory).toEqual([]);
}

test("read reads a file and a directory of the remote", async () => {
  const session = await runSession(remote, {
    turns: [call("read", { filePath: "hello.txt" }), call("read", { filePath: remote.root })],
  });
  onlyRemote(session);
  const [file, directory] = session.parts;
  expect(file?.output).toBe(
    `<path>${remote.root}/hello.txt</path>\n<type>file</type>\n<content>\n1: this is the remote\n2: second line\n\n(End of file - total 2 lines)\n</content>`,
  );
  expect(file?.title).toBe("hello.txt");
  expect(file?.metadata).toMatchObject({ preview: "this is the remote\nsecond line", loaded: [] });
  expect(directory?.output).toContain("hello.txt\nsub/\n\n(2 entries)");
});

test("glob finds files of the remote", async () => {
  const session = await runSession(remote, { turns: [call("glob", { pattern: "**/*.txt" })] });
  onlyRemote(session);
  const [part] = session.parts;
  expect(part?.output.split("\n").sort()).toEqual([`${remote.root}/hello.txt`, `${remote.root}/sub/deep.txt`]);
  expect(part?.metadata).toMatchObject({ count: 2, truncated: false });
});

test("grep searches files of the remote", async () => {
  const session = await runSession(remote, { turns: [call("grep", { pattern: "the (local|remote)" })] });
  onlyRemote(session);
  const [part] = session.parts;
  expect(part?.output).toBe(`Found 1 matches\n${remote.root}/hello.txt:\n  Line 1: this is the remote\n`);
  expect(part?.metadata).toMatchObject({ matches: 1, truncated: false });
});

test("edit changes a file of the remote, keeps its mode, and shows the diff", async () => {
  await remote.sh("chmod 750 hello.txt");
  const session = await runSession(remote, {
    turns: [call("edit", { filePath: "hello.txt", oldString: "second line", newString: "2nd line" })],
  });
  onlyRemote(session);
  const [part] = session.parts;
  expect(part?.output).toBe("Edit applied successfully.");
  expect(part?.metadata.diff).toContain("-second line\n+2nd line");
  expect(await remote.sh("cat hello.txt; ls -l hello.txt | cut -c 1-10; ls -A")).toBe(
    "this is the remote\n2nd line\n-rwxr-x---\nhello.txt\nsub\n",
  );
});

test("write makes files and directories on the remote", async () => {
  const session = await runSession(remote, {
    turns: [call("write", { filePath: "new/file.txt", content: "no final newline" })],
  });
  onlyRemote(session);
  expect(session.parts[0]?.output).toBe("Wrote file successfully.");
  expect(await remote.sh("cat new/file.txt; ls -A new")).toBe("no final newlinefile.txt\n");
});

test("apply_patch adds, updates, moves and deletes files of the remote", async () => {
  await remote.sh("echo gone >old.txt");
  const patchText = [
    "*** Begin Patch",
    "*** Add File: added.txt",
    "+one",
    "*** Update File: hello.txt",
    "@@",
    "-second line",
    "+patched line",
    "*** Update File: sub/deep.txt",
    "*** Move to: moved.txt",
    "@@",
    "-deep",
    "+shallow",
    "*** Delete File: old.txt",
    "*** End Patch",
  ].join("\n");
  const session = await runSession(remote, { model: "gpt-5-mock", turns: [call("apply_patch", { patchText })] });
  onlyRemote(session);
  expect(session.parts[0]?.output).toBe(
    "Success. Updated the following files:\nA added.txt\nM hello.txt\nM moved.txt\nD old.txt",
  );
  expect(await remote.sh("cat added.txt hello.txt moved.txt; ls -A . sub")).toBe(
    "one\nthis is the remote\npatched line\nshallow\n.:\nadded.txt\nhello.txt\nmoved.txt\nsub\n\nsub:\n",
  );
});

test("bash runs on the remote, in the working directory, with its exit code and both streams", async () => {
  const command = 'pwd; cat hello.txt; echo to-stderr >&2; test -n "$SSH_CONNECTION" && echo over-ssh; exit 3';
  const session = await runSession(remote, {
    turns: [call("bash", { command }), call("bash", { command: "pwd", workdir: "sub" })],
  });
  onlyRemote(session);
  const [first, second] = session.parts;
  expect(first?.output).toBe(`${remote.root}\nthis is the remote\nsecond line\nto-stderr\nover-ssh\n`);
  expect(first?.metadata).toMatchObject({ exit: 3 });
  expect(second?.output).toBe(`${remote.root}/sub\n`);
});

test("the model is offered the seven tools under OpenCode's names", async () => {
  const edit = await runSession(remote, { turns: [] });
  expect(edit.tools).toEqual(expect.arrayContaining(["bash", "edit", "glob", "grep", "read", "write"]));
  const patch = await runSession(remote, { model: "gpt-5-mock", turns: [] });
  expect(patch.tools).toEqual(expect.arrayContaining(["apply_patch", "bash", "glob", "grep", "read"]));
});

test("what the tools say when something is wrong reaches the model as one sentence", async () => {
  const session = await runSession(remote, {
    turns: [
      call("read", { filePath: "helo.txt" }),
      call("read", { path: "hello.txt" }),
      call("edit", { filePath: "hello.txt", oldString: "not there", newString: "x" }),
      call("bash", { command: "true", workdir: "/no/such/directory" }),
    ],
  });
  expect(session.parts.map((part) => part.status)).toEqual(["error", "error", "error", "error"]);
  const [missing, wrong, edit, workdir] = session.seen;
  expect(missing).toBe(`File not found: ${remote.root}/helo.txt`);
  expect(wrong).toMatch(/^The read tool was called with invalid arguments: .*filePath/s);
  expect(edit).toMatch(/^Could not find oldString in the file/);
  expect(workdir).toMatch(/^Cannot enter the directory \/no\/such\/directory on /);
});
