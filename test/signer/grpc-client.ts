import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createConnection } from "node:net";
import { collectBytes, systemClock } from "../../src/core/base/index.ts";

/** How a call of gRPC ended. */
export interface CallAnswer {
  readonly status: string;
  readonly message: string;
  /** The response's message, without its frame. */
  readonly body: Buffer;
}

/** An independent client of the signer's socket, as small as it can be. */
export class GrpcClient {
  readonly session: ClientHttp2Session;

  constructor(path: string) {
    this.session = connect("http://localhost", { createConnection: () => createConnection(path) });
    this.session.on("error", () => {});
  }

  /** Sends bytes as the body of a call. */
  async raw(path: string, body: Buffer, headers: OutgoingHttpHeaders = {}): Promise<CallAnswer> {
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    stream.on("error", () => {});
    let trailers: IncomingHttpHeaders = {};
    stream.on("trailers", (more) => (trailers = more));
    stream.end(body);
    const [response] = (await once(stream, "response")) as [IncomingHttpHeaders];
    const answer = await collectBytes(stream as AsyncIterable<Buffer>, 1024 * 1024);
    const all = { ...response, ...trailers };
    return {
      status: String(all["grpc-status"]),
      message: String(all["grpc-message"] ?? ""),
      body: answer.subarray(5),
    };
  }

  call(method: string, message: Buffer = Buffer.alloc(0)): Promise<CallAnswer> {
    return this.raw(`/v1.ExternalJWTSigner/${method}`, frame(message));
  }

  close(): void {
    this.session.destroy();
  }
}

/** A message as gRPC frames it. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

interface Field {
  readonly number: number;
  readonly value: number | Buffer;
}

/** The fields of a message, in their order; of the types that the signer sends. */
export function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if ((tag & 7) === 0) fields.push({ number: tag >> 3, value: varint() });
    else {
      const length = varint();
      fields.push({ number: tag >> 3, value: message.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}

/** Values of a field with this number. */
export const valuesOf = (message: Buffer, number: number): readonly (number | Buffer)[] =>
  fieldsOf(message)
    .filter((field) => field.number === number)
    .map(({ value }) => value);

/** A SignJWTRequest. */
export function signRequest(claims: string): Buffer {
  const text = Buffer.from(claims);
  const length: number[] = [];
  for (let left = text.length; ; left >>= 7) {
    if (left < 128) {
      length.push(left);
      break;
    }
    length.push((left & 127) | 128);
  }
  return Buffer.concat([Buffer.from([0x0a, ...length]), text]);
}

/** The issuer of those claims. */
export const tokenIssuer = "https://oidc.example.com";

/** The claims of a ServiceAccount's token of now, as an API server sends them: the object, before it is encoded. */
export function tokenClaims(): Readonly<Record<string, unknown>> & { readonly iat: number } {
  const iat = Math.floor(systemClock.now() / 1000);
  return {
    aud: ["sts.amazonaws.com"],
    exp: iat + 3600,
    iat,
    iss: tokenIssuer,
    jti: "8b3c1f1c-1a0e-4c5a-9a52-0d6a5f2c9f11",
    "kubernetes.io": { namespace: "shop", serviceaccount: { name: "web", uid: "1" } },
    nbf: iat,
    sub: "system:serviceaccount:shop:web",
  };
}

/** The same in base64url. */
export const claimsOfToken = (more: object = {}): string =>
  Buffer.from(JSON.stringify({ ...tokenClaims(), ...more })).toString("base64url");
