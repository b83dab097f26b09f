import { execFile } from "node:child_process";

/** `[9, 2]` of `OpenSSH_9.2p1`; undefined when the program does not say that it is OpenSSH. */
export function clientVersion(client: string): Promise<readonly [number, number] | undefined> {
  return new Promise((resolve) => {
    execFile(client, ["-V"], { timeout: answerMs }, (error, stdout, stderr) => {
      const [, major, minor] = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(`${stderr}${stdout}`) ?? [];
      resolve(error || !major || !minor ? undefined : [Number(major), Number(minor)]);
    });
  });
}

/** Milliseconds; it only prints a line. */
const answerMs = 10_000;

export const isAtLeast = ([major, minor]: readonly [number, number], wanted: readonly [number, number]): boolean =>
  major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
