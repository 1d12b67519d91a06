import { asPodtrustError, type Clock, errorText, type Logger } from "../core/base/index.ts";
import type { Signer } from "./signer.ts";
import type { CallTallies } from "./metrics.ts";
import { CallFailed } from "./wire/call.ts";
import { claimsOf, fetchKeysResponse, metadataResponse, signResponse } from "./wire/messages.ts";
import { type CallEnded, GrpcServer } from "./wire/server.ts";

function malformed(cause: unknown): CallFailed {
  return new CallFailed("invalidArgument", "the request cannot be read", cause);
}

/**
 * The error for a caller: it reaches the client that asked for the token, which must not learn about the keys' holder.
 */
function callFailure(cause: unknown): CallFailed {
  const { code } = asPodtrustError(cause);
  if (code === "signer-claims-refused")
    return new CallFailed("invalidArgument", "the signer refused the claims", cause);
  return new CallFailed("unavailable", "the signer could not sign", cause);
}

async function signed(signer: Signer, request: Buffer, signal: AbortSignal): Promise<Buffer> {
  let claims: string;
  try {
    claims = claimsOf(request);
  } catch (cause) {
    throw malformed(cause);
  }
  try {
    return signResponse(await signer.sign(claims, signal));
  } catch (cause) {
    throw callFailure(cause);
  }
}

function noted(logger: Logger, tallies: CallTallies, call: CallEnded): void {
  const { method, code, seconds, error } = call;
  tallies.ended(call);
  if (error === undefined) logger.debug("a call was answered", { method, seconds });
  else logger.error(`a call failed: ${errorText(error)}`, { method, code });
}

/** v1.ExternalJWTSigner (KEP-740) of a signer. */
export function signerServer(
  signer: Signer,
  {
    clock,
    logger,
    tallies,
    maxTokenSeconds,
  }: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly tallies: CallTallies;
    readonly maxTokenSeconds: number;
  },
): GrpcServer {
  return new GrpcServer({
    clock,
    service: "/v1.ExternalJWTSigner/",
    methods: {
      Sign: (request, signal) => signed(signer, request, signal),
      FetchKeys: () => fetchKeysResponse(signer.fetchKeys()),
      Metadata: () => metadataResponse(maxTokenSeconds),
    },
    ended: (call) => noted(logger, tallies, call),
  });
}
