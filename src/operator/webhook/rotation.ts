import { X509Certificate } from "node:crypto";
import { type KeyedCertificate, termOf } from "./certificates.ts";
import { bundleOf, type AuthorityRecord, type CertificateRecord, signerOf } from "./certificate-record.ts";

/** Lifetimes of certificates, in milliseconds. Each is replaced two thirds into its life. */
export interface Lives {
  readonly authority: number;
  readonly serving: number;
}

const day = 86_400_000;
export const defaultLives: Lives = { authority: 365 * day, serving: 90 * day };

/**
 * A new authority signs nothing until all API servers know it, each through its own watch of the configuration. An old
 * one stays trusted until every replica presents what the new one signed. Milliseconds.
 */
const overlap = { before: 10 * 60_000, after: 60 * 60_000 };

/** The next step, one at a time; each leaves what is served verifiable. */
export type Step =
  | { readonly do: "make-authority" }
  /** Put this bundle, PEM, into the configuration. */
  | { readonly do: "publish"; readonly bundle: string }
  /** It is there: note the time. */
  | { readonly do: "note-trust" }
  | { readonly do: "sign"; readonly authority: AuthorityRecord }
  | { readonly do: "forget"; readonly keep: readonly AuthorityRecord[] };

/** The current state. */
export interface WebhookCertificates {
  readonly record: CertificateRecord;
  /** The CA bundles of the configuration's webhooks, PEM. */
  readonly bundles: readonly string[];
  /** The DNS name that they verify. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const isGood = (one: KeyedCertificate, now: number): boolean => now < termOf(one).until;

function isDue(one: KeyedCertificate, now: number): boolean {
  const { from, until } = termOf(one);
  return now >= from + ((until - from) * 2) / 3;
}

/** Whether this much time has passed. A moment in the future was noted by a clock that has been corrected since. */
const isOver = (at: number, ms: number, now: number): boolean => now - at >= ms || now - at < -60_000;

function toSign({ record, name, now }: WebhookCertificates): AuthorityRecord | undefined {
  const { authorities, serving } = record;
  const newest = authorities.at(-1);
  const ready = authorities.findLast(
    ({ trustedAt }) => trustedAt !== undefined && isOver(trustedAt, overlap.before, now),
  );
  const signer = signerOf(record);
  const serves =
    serving !== undefined &&
    signer !== undefined &&
    isGood(serving, now) &&
    new X509Certificate(serving.certificate).checkHost(name) !== undefined;
  // Never puts at risk what works.
  if (!serves) return ready ?? newest;
  const next =
    ready !== undefined && authorities.indexOf(ready) > authorities.indexOf(signer) ? ready : signer;
  return next !== signer || isDue(serving, now) ? next : undefined;
}

/**
 * The next step towards a certificate that API servers verify, now and later; undefined if there is none to take. A new
 * authority joins the bundle beside the old one before it signs, and the old one leaves it only afterwards.
 */
export function nextStep(seen: WebhookCertificates): Step | undefined {
  const { record, bundles, now } = seen;
  const { authorities, serving } = record;
  const good = authorities.filter((one) => isGood(one, now));
  if (good.length < authorities.length) return { do: "forget", keep: good };
  const newest = authorities.at(-1);
  if (newest === undefined || isDue(newest, now)) return { do: "make-authority" };
  const bundle = bundleOf(record);
  if (bundles.some((one) => one !== bundle)) return { do: "publish", bundle };
  if (authorities.some(({ trustedAt }) => trustedAt === undefined)) return { do: "note-trust" };
  const authority = toSign(seen);
  if (authority !== undefined) return { do: "sign", authority };
  const signer = signerOf(record);
  const keep = signer === undefined ? authorities : authorities.slice(authorities.indexOf(signer));
  const isSettled = serving !== undefined && isOver(serving.at, overlap.after, now);
  return keep.length < authorities.length && isSettled ? { do: "forget", keep } : undefined;
}
