import { hash, X509Certificate } from "node:crypto";
import { defined, shellWord } from "../../core/base/index.ts";
import { parseJws } from "../../rules/oidc/index.ts";

/** The facts in the credential of the last call; never the credential. */
export interface SentCredential {
  readonly kind: "token" | "certificate";
  /** Where it comes from: `token file /etc/podtrust/token`. */
  readonly from: string;
  /** The file that is kept fresh, where there is one. */
  readonly file?: string;
  /** Whether others on this machine may read that file. */
  readonly exposed?: boolean;
  /** The key that signed the token. */
  readonly kid?: string;
  /** The token's `iss`. */
  readonly issuer?: string;
  /** The token's `sub`. */
  readonly subject?: string;
  /** The token's `aud`. */
  readonly audiences?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt?: number;
  /** Milliseconds since the epoch. Also absent where its issuer renews it. */
  readonly expiresAt?: number;
}

const milliseconds = (claim: unknown): number | undefined =>
  typeof claim === "number" && Number.isFinite(claim) ? claim * 1000 : undefined;

const textClaim = (claim: unknown): string | undefined => (typeof claim === "string" ? claim : undefined);

/**
 * The facts of the token that was sent last, which is nearly always the one that is sent next; of the token only the
 * digest.
 */
let last: { readonly digest: string; readonly facts: SentCredential } | undefined;

/** The claims of a bearer token, where it is a JWT; nothing in it is verified. */
export function tokenFacts(from: string, token: string): SentCredential {
  const digest = hash("sha256", `${from}\n${token}`);
  if (last?.digest !== digest) last = { digest, facts: factsOf(from, token) };
  return last.facts;
}

function factsOf(from: string, token: string): SentCredential {
  let jws: ReturnType<typeof parseJws>;
  try {
    jws = parseJws(token);
  } catch {
    return { kind: "token", from };
  }
  const { kid, claims } = jws;
  const audiences = [claims["aud"] ?? []].flat().filter((one): one is string => typeof one === "string");
  const [issuer, subject, issuedAt, expiresAt] = [
    textClaim(claims["iss"]),
    textClaim(claims["sub"]),
    milliseconds(claims["iat"]),
    milliseconds(claims["exp"]),
  ];
  return {
    kind: "token",
    from,
    ...defined({ kid, issuer, subject }),
    ...(audiences.length === 0 ? {} : { audiences }),
    ...defined({ issuedAt, expiresAt }),
  };
}

/** The facts in a client certificate; PEM. */
export function certificateFacts(from: string, pem: string): SentCredential {
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    const [issuedAt, expiresAt] = [validFromDate.getTime(), validToDate.getTime()];
    return { kind: "certificate", from, issuedAt, expiresAt };
  } catch {
    return { kind: "certificate", from };
  }
}

/** The same of a credential that its issuer renews: its expiry does not matter. */
export function renewedByItself({ expiresAt: _given, ...sent }: SentCredential): SentCredential {
  return sent;
}

/** That others on this machine may read a credential, and what to do about it; undefined where they may not. */
export function exposureOf({
  from,
  file,
  exposed,
}: SentCredential): { readonly seen: string; readonly next: string } | undefined {
  if (exposed !== true || file === undefined) return undefined;
  return { seen: `Others on this machine may read the ${from}`, next: `chmod 600 ${shellWord(file)}` };
}
