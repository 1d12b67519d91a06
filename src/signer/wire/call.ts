import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { collectBytes } from "../../core/base/index.ts";

/** Codes of gRPC that are answered here (https://grpc.io/docs/guides/status-codes/). */
const grpcCodes = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export type GrpcCode = keyof typeof grpcCodes;

/**
 * Why a call failed. The sentence reaches the client that asked the API server for a token, so it is a fixed
 * short one, in ASCII without a percent sign; the cause is for the log.
 */
export class CallFailed extends Error {
  readonly code: GrpcCode;

  constructor(code: GrpcCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

// A frame of gRPC: a byte that says whether it is compressed, and the length in four.
const prefix = 5;

/** The bytes of the one message that a unary call sends. Throws `CallFailed`. */
function messageOf(frame: Buffer): Buffer {
  if (frame.length < prefix) throw new CallFailed("invalidArgument", "the request has no message");
  if (frame.readUInt8(0) !== 0) throw new CallFailed("unimplemented", "requests may not be compressed");
  if (frame.readUInt32BE(1) !== frame.length - prefix)
    throw new CallFailed("invalidArgument", "the request is not one message");
  return frame.subarray(prefix);
}

/** The message of a call of at most `maxBytes`. Throws `CallFailed`. */
export async function readMessage(stream: ServerHttp2Stream, maxBytes: number): Promise<Buffer> {
  let frame: Buffer;
  try {
    frame = await collectBytes(stream.iterator({ destroyOnReturn: false }), maxBytes + prefix);
  } catch (cause) {
    throw new CallFailed("resourceExhausted", "the request could not be read", cause);
  }
  return messageOf(frame);
}

const isGrpc = (type: string | undefined): boolean => type?.startsWith("application/grpc") === true;

/** The path of a call; throws `CallFailed` for a request that is none. */
export function pathOfCall(headers: IncomingHttpHeaders): string {
  if (headers[":method"] === "POST" && isGrpc(headers["content-type"])) return headers[":path"] ?? "";
  throw new CallFailed("unimplemented", "this is no call of gRPC");
}

const responseHeaders = { ":status": 200, "content-type": "application/grpc+proto" } as const;

/** Answers a call with its message. */
export function sendMessage(stream: ServerHttp2Stream, message: Buffer): void {
  stream.respond(responseHeaders, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(grpcCodes.ok) }));
  const head = Buffer.alloc(prefix);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
}

// What a caller may still send of a request that was refused, in bytes and in milliseconds without any.
const maxRest = 256 * 1024;
const maxQuiet = 1000;

/** Passes over what is left of a request. A reset at once could overtake the answer. */
function passOver(stream: ServerHttp2Stream): void {
  const reset = (): void => stream.close(constants.NGHTTP2_CANCEL);
  let left = maxRest;
  stream.on("data", (part: Buffer) => {
    left -= part.length;
    if (left < 0) reset();
  });
  stream.setTimeout(maxQuiet, reset);
}

/** Answers a call with its failure ("Trailers-Only"). */
export function sendFailure(stream: ServerHttp2Stream, { code, message }: CallFailed): void {
  const status = { "grpc-status": String(grpcCodes[code]), "grpc-message": message };
  stream.respond({ ...responseHeaders, ...status }, { endStream: true });
  if (!stream.readableEnded) passOver(stream);
}
