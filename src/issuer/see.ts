import { PodtrustError } from "../core/base/index.ts";
import { brokenOf, type IssuerFinding, judgeIssuer } from "./judge.ts";
import { type IssuerReading, type IssuerRoute, readIssuer } from "./read.ts";

/** An issuer without faults, as AWS will read it. */
export interface ObservedIssuer {
  readonly discoveryUrl: string;
  readonly jwksUri: string;
  /** Of the public keys in the JWK Set that AWS can use. */
  readonly kids: readonly string[];
}

/** The error for an issuer with a fault. */
export function unreached(issuer: string, { reason, seen, next }: IssuerFinding): PodtrustError {
  return new PodtrustError("issuer-unreached", `${issuer} cannot be read from outside: ${seen}`, {
    next,
    detail: { issuer, reason },
  });
}

/** The content of a reading without faults; throws `issuer-unreached` with the first fault. */
export function seenOf(reading: IssuerReading): ObservedIssuer {
  const { discovery, jwks, findings } = judgeIssuer(reading);
  const broken = brokenOf(findings);
  if (broken !== undefined) throw unreached(reading.issuer, broken);
  if (discovery === undefined || jwks === undefined)
    throw new TypeError("documents that cannot be read, and nothing that is broken");
  return {
    discoveryUrl: reading.discovery.url,
    jwksUri: discovery.jwksUri,
    kids: jwks.keys.map(({ kid }) => kid),
  };
}

/** Reads an issuer as AWS will, by exactly this URL. Throws `issuer-unreached` and the signal's reason. */
export async function seeIssuer(
  issuer: string,
  route: IssuerRoute,
  signal: AbortSignal,
): Promise<ObservedIssuer> {
  return seenOf(await readIssuer(issuer, { route, signal }));
}
