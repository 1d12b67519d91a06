import { defined, mapped, textOf } from "../../core/base/index.ts";
import type { DocumentReading, IssuerReading } from "../../issuer/index.ts";
import type { AddressFacts, ChallengeFacts, DoctorFacts } from "../facts.ts";
import { mapTexts, withoutSecrets } from "../texts.ts";
import { keptBody, keptHeaders, keptHeadersOf, keptLocation } from "./documents.ts";
import { unsigned } from "./token.ts";

/** By these a file is known as a bundle; a version that reads it otherwise has another number. */
export const bundleKind = "podtrust doctor bundle";
export const stackBundleKind = "podtrust doctor bundle of a stack";
export const bundleVersion = 1;

/** One part of a bundle, as a person reads what is in it. */
export interface BundlePart {
  readonly part: string;
  readonly says: string;
}

/** All that is in a bundle, as plain JSON. */
export interface Bundle {
  readonly kind: string;
  readonly version: number;
  readonly contents: readonly BundlePart[];
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Each body once, however often it came. */
class Bodies {
  readonly #places = new Map<string, number>();

  placeOf(body: string): number {
    const place = this.#places.get(body) ?? this.#places.size;
    this.#places.set(body, place);
    return place;
  }

  get all(): readonly string[] {
    return [...this.#places.keys()];
  }
}

function answerOf(reading: DocumentReading, bodies: Bodies): object {
  if (reading.outcome === "failed") {
    const { code, message, detail } = reading.error;
    const words = { reason: textOf(detail["reason"]), cause: textOf(detail["cause"]) };
    return { error: { code, message, detail: defined(words) } };
  }
  const { status } = reading.response;
  return { answer: { status, headers: keptHeadersOf(reading), body: bodies.placeOf(keptBody(reading)) } };
}

function documentOf(reading: DocumentReading, bodies: Bodies): object {
  const { url, exchange } = reading;
  const { tls, ...rest } = exchange;
  const chain = tls?.chain.map(({ pem: _pem, ...certificate }) => certificate);
  return {
    url,
    exchange: tls === undefined ? rest : { ...rest, tls: { protocol: tls.protocol, chain } },
    ...answerOf(reading, bodies),
  };
}

function readingOf({ discovery, jwks }: IssuerReading, bodies: Bodies): object {
  const first = { discovery: documentOf(discovery, bodies) };
  return jwks === undefined ? first : { ...first, jwks: documentOf(jwks, bodies) };
}

function addressesOf(all: readonly AddressFacts[], bodies: Bodies): readonly object[] {
  return all.map(({ address, reading }) => ({ address, reading: readingOf(reading, bodies) }));
}

function contentsOf({ reading, samples, addresses, names, token }: DoctorFacts): readonly BundlePart[] {
  const readings = 1 + samples.length + addresses.length;
  const documents = reading.jwks === undefined ? "the discovery document" : "both documents";
  return [
    { part: "issuer", says: "its URL, and when it was looked at" },
    {
      part: "names",
      says: `what DNS says of ${names.map(({ host }) => host).join(", ")}: addresses, CAA, the zone's servers`,
    },
    {
      part: "readings",
      says: `${documents} as they came ${readings} times: status, ${keptHeaders.length} headers at most, times, certificates`,
    },
    { part: "around", says: "where a missing document stands, what caches hide, what answers on port 80" },
    {
      part: "token",
      says:
        token === undefined
          ? "none was given"
          : "the header and claims that STS reads, and which keys verify it; no signature",
    },
  ];
}

function keptChallenge(challenge: ChallengeFacts): ChallengeFacts {
  if (!("location" in challenge) || challenge.location === undefined) return challenge;
  return { ...challenge, location: keptLocation(challenge.location) };
}

/** What was seen as one object, without what may not be shown. Pure. */
export function bundleOf(facts: DoctorFacts): Bundle {
  const bodies = new Bodies();
  const { reading, samples, addresses, inside, fromZone, origin, token, challenge, ...plain } = facts;
  const readings = [reading, ...samples, ...addresses.map((one) => one.reading)];
  const written = {
    ...plain,
    reading: readingOf(reading, bodies),
    samples: samples.map((one) => readingOf(one, bodies)),
    addresses: addressesOf(addresses, bodies),
    inside: addressesOf(inside, bodies),
    fromZone: addressesOf(fromZone, bodies),
    ...defined({
      origin: mapped(origin, (own) => readingOf(own, bodies)),
      challenge: mapped(challenge, keptChallenge),
      token: mapped(token, (own) => unsigned(own, readings)),
    }),
    bodies: bodies.all,
  };
  return {
    kind: bundleKind,
    version: bundleVersion,
    contents: contentsOf(facts),
    facts: mapTexts(written, withoutSecrets),
  };
}
