import type { Duplex } from "node:stream";
import type { BaseAgent } from "ssh2";
import { deferred } from "../util/deferred.ts";
import { Strings, typeOfBlob } from "./wire.ts";

/** An agent that is busy with something else may not answer at all; milliseconds. */
const timeoutMs = 2_000;

/** Message numbers of draft-ietf-sshm-ssh-agent, section 6.1. */
const requestIdentities = 11;
const identitiesAnswer = 12;

/**
 * The types of all keys that an agent holds, by name: ssh2's own list lacks certificates and security keys. Never rejects;
 * empty when the agent does not answer.
 */
export function agentKeyTypes(agent: BaseAgent): Promise<string[]> {
  if (!agent.getStream) return Promise.resolve([]);
  const types = deferred<string[]>();
  const giveUp = () => types.resolve([]);
  const timer = setTimeout(giveUp, timeoutMs);
  let stream: Duplex | undefined;
  agent.getStream((error, opened) => {
    if (error || !opened) return giveUp();
    stream = opened;
    let received = Buffer.alloc(0);
    opened.on("error", giveUp).on("close", giveUp);
    opened.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) types.resolve(typesIn(received));
    });
    opened.write(Buffer.from([0, 0, 0, 1, requestIdentities]));
  });
  return types.promise.finally(() => {
    clearTimeout(timer);
    stream?.destroy();
  });
}

function typesIn(answer: Buffer): string[] {
  const types: string[] = [];
  if (answer[4] !== identitiesAnswer) return types;
  try {
    const fields = new Strings(answer, 5);
    for (let left = fields.number(); left > 0; left--) {
      types.push(typeOfBlob(fields.next()));
      fields.next(); // The comment.
    }
  } catch {
    // Cut short; what was read counts.
  }
  return types;
}
