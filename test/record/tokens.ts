import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { publicJwk, type PublicJwk } from "../../src/rules/keys/index.ts";

/** A key, the name that tokens have for it, and how it signs. */
export interface Signer {
  readonly kid: string;
  readonly alg: "ES256" | "RS256";
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

/** The keys of a run. */
export interface Signers {
  /** The issuer's. */
  readonly own: Signer;
  /** The one that the issuer signs with later. */
  readonly next: Signer;
  /** Another key under the kid of `own`. */
  readonly stranger: Signer;
  /** The same of an elliptic curve. */
  readonly curve: Signer;
}

const generate = promisify(generateKeyPair);

async function rsa(kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generate("rsa", { modulusLength: 2048 });
  return { kid, alg: "RS256", privateKey, jwk: publicJwk(publicKey, kid) };
}

export async function makeSigners(): Promise<Signers> {
  const [own, next, stranger] = await Promise.all(["first", "second", "first"].map(rsa));
  const { privateKey, publicKey } = await generate("ec", { namedCurve: "P-256" });
  if (own === undefined || next === undefined || stranger === undefined) throw new TypeError("no keys");
  const curve: Signer = { kid: own.kid, alg: "ES256", privateKey, jwk: publicJwk(publicKey, own.kid) };
  return { own, next, stranger, curve };
}

/** Where and when a token is made. */
export interface TokenWorld {
  /** Seconds. */
  readonly now: number;
  readonly issuer: string;
  readonly audience: string;
  readonly signers: Signers;
}

/** How a token differs from the one that is granted. */
export interface TokenChange {
  /** Claims to set; undefined takes one away. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Members of the header to set; undefined takes one away. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signer?: keyof Signers;
  /** In place of a token. */
  readonly raw?: string;
  /** Characters that the token has in all. */
  readonly size?: number;
}

/** A change that depends on where and when the token is made. */
export type TokenOf = (world: TokenWorld) => TokenChange;

/** Claims to set, whatever the world. */
export const withClaims =
  (of: NonNullable<TokenChange["claims"]>): TokenOf =>
  () => ({ claims: of });

/** The same, by the world. */
export const claimsBy =
  (of: (world: TokenWorld) => NonNullable<TokenChange["claims"]>): TokenOf =>
  (world) => ({ claims: of(world) });

/** Characters of tokens that are tried, since nobody has published how long one may be. */
export const tokenSizes: readonly number[] = [4, 8, 12, 16, 24, 32, 64, 128].map(
  (thousands) => thousands * 1000,
);

export const subject = "system:serviceaccount:podtrust-record:cart";

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as Kubernetes writes it, with a change. */
export function tokenOf(world: TokenWorld, change: TokenChange = {}): string {
  if (change.raw !== undefined) return change.raw;
  const { now, issuer, audience } = world;
  const { kid, alg, privateKey } = world.signers[change.signer ?? "own"];
  const claims = {
    iss: issuer,
    sub: subject,
    aud: [audience],
    iat: now - 60,
    nbf: now - 60,
    exp: now + 3540,
    "kubernetes.io": { namespace: "podtrust-record", serviceaccount: { name: "cart" } },
    ...change.claims,
  };
  const header = segment({ alg, kid, ...change.header });
  const signed = (payload: object): string => {
    const input = `${header}.${segment(payload)}`;
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
  };
  const token = signed(claims);
  const missing = (change.size ?? 0) - token.length;
  if (missing <= 0) return token;
  // Three octets are four characters.
  return signed({ ...claims, padding: "p".repeat(Math.max(1, Math.floor((missing * 3) / 4) - 14)) });
}

/** What an issuer serves, by the paths below its URL. */
export function documentsOf(issuer: string, keys: readonly Signer[]): Readonly<Record<string, string>> {
  return {
    "/.well-known/openid-configuration": JSON.stringify({
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    }),
    "/openid/v1/jwks": JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
  };
}
