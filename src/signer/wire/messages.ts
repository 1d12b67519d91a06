import { bytesField, bytesOf, numberField } from "../../core/protobuf/index.ts";

/**
 * The messages of v1.ExternalJWTSigner (KEP-740).
 * Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/externaljwt/apis/v1/api.proto
 */

/** A key as the API server is given it. */
export interface ServedKey {
  readonly kid: string;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** It verifies, and is in no JWK Set. */
  readonly excluded: boolean;
}

export interface FetchKeysResponse {
  readonly keys: readonly ServedKey[];
  /** When the keys were read, in milliseconds since the epoch. */
  readonly readAt: number;
  /** After how many seconds to ask again. */
  readonly refreshSeconds: number;
}

/** The claims of a SignJWTRequest: base64url of JSON. Throws a RangeError for a malformed message. */
export function claimsOf(request: Buffer): string {
  return bytesOf(request, 1).toString("utf8");
}

/** SignJWTResponse: header and signature of a JWT in base64url. */
export function signResponse({ header, signature }: { header: string; signature: string }): Buffer {
  return Buffer.concat([bytesField(1, header), bytesField(2, signature)]);
}

function keyMessage({ kid, publicKey, excluded }: ServedKey): Buffer {
  return Buffer.concat([bytesField(1, kid), bytesField(2, publicKey), numberField(3, excluded ? 1 : 0)]);
}

/** google.protobuf.Timestamp */
function timestamp(ms: number): Buffer {
  return Buffer.concat([numberField(1, Math.floor(ms / 1000)), numberField(2, (ms % 1000) * 1_000_000)]);
}

/** FetchKeysResponse. */
export function fetchKeysResponse({ keys, readAt, refreshSeconds }: FetchKeysResponse): Buffer {
  return Buffer.concat([
    ...keys.map((key) => bytesField(1, keyMessage(key))),
    bytesField(2, timestamp(readAt)),
    numberField(3, refreshSeconds),
  ]);
}

/** MetadataResponse. */
export const metadataResponse = (maxTokenSeconds: number): Buffer => numberField(1, maxTokenSeconds);
