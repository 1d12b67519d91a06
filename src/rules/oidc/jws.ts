import { defined, type JsonRecord, PodtrustError } from "../../core/base/index.ts";
import { readDocument, shown } from "./document.ts";
import { boundsOf, type RelyingPartyName } from "./relying-parties.ts";

/** A compact JWS (RFC 7515 §3.1) whose payload is a JSON object, as a JWT's is. Nothing in it is verified yet. */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What was signed: header and payload as they came, with the dot between. */
  readonly signingInput: string;
  /** Empty for `alg: none`. */
  readonly signature: Uint8Array;
  readonly alg: string;
  readonly kid: string | undefined;
  /** The extensions that a verifier must understand (`crit`, RFC 7515 §4.1.11); empty without the member. */
  readonly critical: readonly string[];
}

export interface JwsLimits {
  /** Characters of the whole token; `maxToken` by default. */
  readonly maxChars?: number;
}

/**
 * Characters of a token that podtrust reads, whatever its audience: our own bound. A relying party's limit is in its
 * row of relying-parties.ts.
 */
export const maxToken: number = 64 * 1024;

/** How long a token may be for a relying party; our own bound where it documents none. */
export function tokenLimits(party: RelyingPartyName): JwsLimits {
  return { maxChars: boundsOf(party).maxToken ?? maxToken };
}

function invalid(message: string, next?: string): PodtrustError {
  return new PodtrustError("token-invalid", message, defined({ next }));
}

/** What was given instead of a token, where its shape shows it. */
function shapeHint(text: string, segments: number): string | undefined {
  if (text !== text.trim()) return "Take away the white space or line break around the token.";
  if (/^bearer /iu.test(text)) return 'Give the token without "Bearer " before it.';
  if (segments === 5) return "This is an encrypted token (JWE); give the signed one.";
  return undefined;
}

function segmentsOf(text: string): readonly [string, string, string] {
  const segments = text.split(".");
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw invalid(
      `a token has three parts joined by dots; this has ${segments.length}`,
      shapeHint(text, segments.length),
    );
  }
  return [header, payload, signature];
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether the last character carries bits that belong to no byte, and which are to be zero (RFC 4648 §3.5). */
function hasStrayBits(text: string): boolean {
  const stray = (text.length * 6) % 8;
  return alphabet.indexOf(text.charAt(text.length - 1)) % 2 ** stray !== 0;
}

/**
 * The bytes of base64url text (RFC 7515 §2): no padding, no other characters, no stray bits in the last one, so
 * that no two texts mean the same bytes. Undefined for everything else.
 */
export function base64urlBytes(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/u.test(text) || text.length % 4 === 1 || hasStrayBits(text)) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

function bytesOf(segment: string, name: string, text: string): Uint8Array {
  const bytes = base64urlBytes(segment);
  if (bytes === undefined) throw invalid(`the token's ${name} is not base64url`, shapeHint(text, 3));
  return bytes;
}

function objectOf(bytes: Uint8Array, name: string): JsonRecord {
  return readDocument(bytes, {
    name: `the token's ${name}`,
    code: "token-invalid",
    maxBytes: bytes.byteLength,
  });
}

function criticalOf(header: JsonRecord): readonly string[] {
  const crit = header["crit"];
  if (crit === undefined) return [];
  const good =
    Array.isArray(crit) &&
    crit.length > 0 &&
    crit.every((name) => typeof name === "string" && Object.hasOwn(header, name));
  if (!good)
    throw invalid("the token's header has a crit that is not a list of its own members (RFC 7515 §4.1.11)");
  return crit as readonly string[];
}

/**
 * Cuts a token into its parts; throws `token-invalid`, whose message never repeats any of it but the header's alg.
 * Strict in size and base64url, so that no two texts are the same token; of a duplicated member the last counts.
 */
export function parseJws(text: string, limits: JwsLimits = {}): Jws {
  const maxChars = limits.maxChars ?? maxToken;
  if (text.length > maxChars)
    throw invalid(`the token has ${text.length} characters, more than the ${maxChars} accepted`);
  if (text.trim() === "") throw invalid("the token is empty");
  const [header64, payload64, signature64] = segmentsOf(text);
  const header = objectOf(bytesOf(header64, "header", text), "header");
  const claims = objectOf(bytesOf(payload64, "payload", text), "payload");
  const signature = bytesOf(signature64, "signature", text);
  const { alg, kid } = header;
  if (alg === undefined) throw invalid("the token's header has no alg");
  if (typeof alg !== "string" || alg === "")
    throw invalid(`the token's header has the alg ${shown(alg)}, not a text`);
  if (kid !== undefined && typeof kid !== "string")
    throw invalid("the token's header has a kid that is not a text");
  return {
    header,
    claims,
    signingInput: `${header64}.${payload64}`,
    signature,
    alg,
    kid,
    critical: criticalOf(header),
  };
}
