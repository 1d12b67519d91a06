import { Buffer } from "node:buffer";
import { defined, errorFromJson, errorText, isRecord, mapped, PodtrustError } from "../../core/base/index.ts";
import type { ExchangeTrace, TlsFacts } from "../../core/http/index.ts";
import { awsBounds, type DocumentReading, type IssuerReading } from "../../issuer/index.ts";
import { type DocumentName, maxToken, parseIssuer } from "../../rules/oidc/index.ts";
import type { AddressFacts, DoctorFacts, TokenFacts } from "../facts.ts";
import { keptHeaders } from "./documents.ts";
import { addressOf, caaOf, challengeOf, nameOf, nearOf, zoneOf } from "./read-names.ts";
import { maxDate, BundleValue } from "./schema.ts";
import { tokenOf } from "./token.ts";
import { bundleKind, bundleVersion, stackBundleKind } from "./write.ts";

/** Bytes of a bundle that are read. */
export const maxBundle = 16 * 1024 * 1024;
const maxMs = 86_400_000;

/** A part of a bundle, with the bodies that it names by number. */
type BundleSection = { readonly part: BundleValue; readonly bodies: readonly string[] };

function timingOf(part: BundleValue): ExchangeTrace["timing"] {
  const phase = (name: string): number | undefined => part.optional(name)?.number(maxMs);
  return defined({
    dns: phase("dns"),
    connect: phase("connect"),
    tls: phase("tls"),
    firstByte: phase("firstByte"),
    lastByte: phase("lastByte"),
  });
}

function tlsOf(part: BundleValue | undefined): TlsFacts | undefined {
  if (part === undefined) return undefined;
  const chain = part.member("chain").list(10);
  return {
    protocol: part.member("protocol").text(),
    chain: chain.map((one) => ({
      subject: one.member("subject").text(),
      issuer: one.member("issuer").text(),
      sha1: one.member("sha1").text(),
      sha256: one.member("sha256").text(),
      pem: "",
      notBefore: one.member("notBefore").number(maxDate),
      notAfter: one.member("notAfter").number(maxDate),
    })),
  };
}

function exchangeOf(part: BundleValue): ExchangeTrace {
  return {
    resolved: part
      .member("resolved")
      .list()
      .map((one) => one.text()),
    attempts: part
      .member("attempts")
      .list()
      .map((one) => ({
        address: one.member("address").text(),
        port: one.member("port").number(65_535),
        ...defined({ error: one.optional("error")?.text() }),
      })),
    timing: timingOf(part.member("timing")),
    received: part.member("received").number(awsBounds.jwksBytes * 2),
    ...defined({ tls: tlsOf(part.optional("tls")), status: part.optional("status")?.number(999) }),
  };
}

function errorOf(part: BundleValue): PodtrustError {
  const detail = part.member("detail");
  const words = { reason: detail.optional("reason")?.text(), cause: detail.optional("cause")?.text() };
  const [code, message] = [part.member("code").text(), part.member("message").text()];
  return (
    errorFromJson({ code, message, detail: defined(words) }) ??
    new PodtrustError("bundle-invalid", "an error in the bundle is none of podtrust's")
  );
}

function documentOf(document: DocumentName, { part, bodies }: BundleSection): DocumentReading {
  const seen = { document, url: part.member("url").text(), exchange: exchangeOf(part.member("exchange")) };
  const answer = part.optional("answer");
  if (answer === undefined) return { ...seen, outcome: "failed", error: errorOf(part.member("error")) };
  const headers = answer.member("headers");
  const kept = keptHeaders.flatMap((name) => {
    const value = headers.optional(name)?.text();
    return value === undefined ? [] : [[name, value] as const];
  });
  const body = String(bodies[answer.member("body").index(bodies.length)]);
  const response = {
    status: answer.member("status").number(999),
    headers: Object.fromEntries(kept),
    body: Buffer.from(body),
    ...defined({ tls: seen.exchange.tls }),
  };
  return { ...seen, outcome: "answered", response };
}

function readingOf(issuer: string, { part, bodies }: BundleSection): IssuerReading {
  const jwks = part.optional("jwks");
  return {
    issuer,
    discovery: documentOf("discovery", { part: part.member("discovery"), bodies }),
    ...defined({ jwks: mapped(jwks, (given) => documentOf("jwks", { part: given, bodies })) }),
  };
}

function tokenFactsOf(part: BundleValue): TokenFacts {
  return tokenOf({
    header: part.member("header").record(),
    claims: part.member("claims").record(),
    verifiedBy: part
      .member("verifiedBy")
      .list()
      .map((one) => one.text(16_384)),
    signatureBytes: Math.floor(part.member("signatureBytes").number(4096)),
    chars: part.member("chars").number(maxToken),
  });
}

/** The facts of an issuer in a bundle: nothing of it becomes a path or an address to ask. Throws `bundle-invalid`. */
export function issuerFactsOf(part: BundleValue): DoctorFacts {
  const issuer = part.member("issuer").text(2048);
  parseIssuer(issuer);
  const bodies = part
    .member("bodies")
    .list(128)
    .map((one) => one.text(awsBounds.jwksBytes));
  const at = (one: BundleValue): BundleSection => ({ part: one, bodies });
  const [token, origin] = [part.optional("token"), part.optional("origin")];
  const readings = (name: string): readonly AddressFacts[] =>
    part
      .member(name)
      .list()
      .map((one) => ({
        address: addressOf(one.member("address")),
        reading: readingOf(issuer, at(one.member("reading"))),
      }));
  return {
    issuer,
    now: part.member("now").number(maxDate),
    timeoutMs: part.member("timeoutMs").number(maxMs),
    reading: readingOf(issuer, at(part.member("reading"))),
    samples: part
      .member("samples")
      .list()
      .map((one) => readingOf(issuer, at(one))),
    names: part.member("names").list().map(nameOf),
    addresses: readings("addresses"),
    inside: readings("inside"),
    fromZone: readings("fromZone"),
    nearby: part.member("nearby").list().map(nearOf),
    caa: part.member("caa").list().map(caaOf),
    ...defined({
      zone: zoneOf(part.optional("zone")),
      lateMs: part.optional("lateMs")?.number(maxMs),
      origin: mapped(origin, (given) => readingOf(issuer, at(given))),
      challenge: challengeOf(part.optional("challenge")),
      token: mapped(token, tokenFactsOf),
    }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PodtrustError("bundle-invalid", "the bundle is not JSON");
  }
}

/** Whether the text of a bundle is about a stack. Throws `bundle-invalid` where it is not JSON. */
export function isStackBundle(text: string): boolean {
  const value = jsonOf(text);
  return isRecord(value) && value["kind"] === stackBundleKind;
}

/**
 * What is read of a bundle of a kind, which is untrusted: each value is to be checked by `read`, which leaves out what is not
 * known. Throws `bundle-invalid`.
 */
export function readBundle<T>(text: string, kind: string, read: (facts: BundleValue) => T): T {
  const whole = new BundleValue(jsonOf(text), "the file");
  whole.member("kind").textThat((given) => given === kind, kind);
  if (whole.member("version").number(1e6) !== bundleVersion)
    throw new PodtrustError("bundle-invalid", "the bundle is of another version of podtrust");
  try {
    return read(whole.member("facts"));
  } catch (error) {
    if (error instanceof PodtrustError && error.code !== "bundle-invalid")
      throw new PodtrustError("bundle-invalid", `the bundle has a value that is none: ${errorText(error)}`);
    throw error;
  }
}

/** The facts of an issuer's bundle. Throws `bundle-invalid`. */
export function factsOfBundle(text: string): DoctorFacts {
  return readBundle(text, bundleKind, issuerFactsOf);
}
