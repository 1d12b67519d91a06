import { isRecord, recordsOf, textOf } from "../../core/base/index.ts";
import { fingerprintOf, type KeyedCertificate, termOf } from "./certificates.ts";

/** A certificate authority of the webhook. */
export interface HeldAuthority extends KeyedCertificate {
  /** Since when API servers are told to trust it; milliseconds since the epoch, absent while they are not. */
  readonly trustedAt?: number;
}

/** What the webhook shows. */
export interface HeldServing extends KeyedCertificate {
  /** When it was signed; milliseconds since the epoch. */
  readonly at: number;
  /** The fingerprint of the authority that signed it. */
  readonly by: string;
}

/** All certificates of the webhook, oldest authority first: one but for the weeks in which another takes its place. */
export interface HeldCertificates {
  readonly authorities: readonly HeldAuthority[];
  readonly serving?: HeldServing;
}

/** The entry of the Secret that has them. */
export const certificatesEntry = "certificates.json";

export const noCertificates: HeldCertificates = { authorities: [] };

function keyedOf(value: Readonly<Record<string, unknown>>): KeyedCertificate {
  const [certificate, key] = [textOf(value["certificate"]), textOf(value["key"])];
  if (certificate === undefined || key === undefined)
    throw new TypeError("a certificate or its key is missing");
  // Throws for a text that is none.
  termOf({ certificate });
  return { certificate, key };
}

/** Reads what `heldText` wrote. Throws for what is damaged. */
export function readHeld(text: string): HeldCertificates {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new TypeError("it is no object");
  const authorities = recordsOf(value["authorities"]).map((one): HeldAuthority => {
    const { trustedAt } = one;
    return { ...keyedOf(one), ...(typeof trustedAt === "number" ? { trustedAt } : {}) };
  });
  const { serving } = value;
  if (!isRecord(serving)) return { authorities };
  const { at, by } = serving;
  if (typeof at !== "number" || typeof by !== "string")
    throw new TypeError("it is not told who signed what is served");
  return { authorities, serving: { ...keyedOf(serving), at, by } };
}

export function heldText(held: HeldCertificates): string {
  return JSON.stringify(held);
}

/** What API servers are told to trust: the certificates of all authorities, PEM. */
export function bundleOf({ authorities }: HeldCertificates): string {
  return authorities.map(({ certificate }) => certificate).join("");
}

/** The authority that signed what is served, where it is still held. */
export function signerOf({ authorities, serving }: HeldCertificates): HeldAuthority | undefined {
  return authorities.find((one) => fingerprintOf(one) === serving?.by);
}
