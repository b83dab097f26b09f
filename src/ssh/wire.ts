/** Reads strings of RFC 4251, section 5 (a length in four bytes, then as many bytes). Throws at the end of the data. */
export class Strings {
  constructor(
    private readonly data: Buffer,
    private position = 0,
  ) {}

  next(): Buffer {
    const from = this.position + 4;
    this.position = from + this.data.readUInt32BE(this.position);
    if (this.position > this.data.length) throw new RangeError("The data ends within a string.");
    return this.data.subarray(from, this.position);
  }

  number(): number {
    this.position += 4;
    return this.data.readUInt32BE(this.position - 4);
  }

  rest(): Buffer {
    return this.data.subarray(this.position);
  }
}

export function asString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The name in front of a public key: `ssh-ed25519`. Empty when there is none. */
export function typeOfBlob(publicKey: Buffer): string {
  try {
    return new Strings(publicKey).next().toString("latin1");
  } catch {
    return "";
  }
}
