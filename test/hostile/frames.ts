/** An HTTP/2 frame (RFC 9113 §4.1). */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** SETTINGS; each an identifier and its value (RFC 9113 §6.5.1). */
export function settings(values: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const parts = values.map(([id, value]) =>
    Buffer.concat([Buffer.from([id >> 8, id & 0xff]), uint32(value)]),
  );
  return frame(4, 0, 0, Buffer.concat(parts));
}

export const windowUpdate = (stream: number, more: number): Buffer => frame(8, 0, stream, uint32(more));

/** What a client begins with. */
export const preface: Buffer = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  settings(),
]);

/** A field without indexing and with a new name (RFC 7541 §6.2.2), texts of fewer than 127 bytes. */
function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name, "latin1"),
    Buffer.from([value.length]),
    Buffer.from(value, "latin1"),
  ]);
}

/** HEADERS of a whole request without content. */
export function request(stream: number, host: string, path: string): Buffer {
  const fields = [
    field(":method", "GET"),
    field(":scheme", "https"),
    field(":authority", host),
    field(":path", path),
  ];
  // END_STREAM and END_HEADERS.
  return frame(1, 0x5, stream, Buffer.concat(fields));
}
