import { isRecord, recordsOf, textOf } from "../../core/base/index.ts";
import { fingerprintOf, type KeyedCertificate, termOf } from "./certificates.ts";

/** A certificate authority of the webhook. */
export interface AuthorityRecord extends KeyedCertificate {
  /** When it entered the CA bundle; milliseconds since the epoch, absent while it is not in it. */
  readonly trustedAt?: number;
}

/** What the webhook presents. */
export interface ServingRecord extends KeyedCertificate {
  /** When it was signed; milliseconds since the epoch. */
  readonly at: number;
  /** The fingerprint of the authority that signed it. */
  readonly by: string;
}

/** All certificates of the webhook, oldest authority first: usually one, two during the weeks of a replacement. */
export interface CertificateRecord {
  readonly authorities: readonly AuthorityRecord[];
  readonly serving?: ServingRecord;
}

/** The entry of the Secret that holds them. */
export const certificatesEntry = "certificates.json";

export const noCertificates: CertificateRecord = { authorities: [] };

function keyedOf(value: Readonly<Record<string, unknown>>): KeyedCertificate {
  const [certificate, key] = [textOf(value["certificate"]), textOf(value["key"])];
  if (certificate === undefined || key === undefined)
    throw new TypeError("a certificate or its key is missing");
  // Throws for a text that is no such state.
  termOf({ certificate });
  return { certificate, key };
}

/** Reads what `certificateRecordText` wrote. Throws for a damaged text. */
export function readCertificateRecord(text: string): CertificateRecord {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new TypeError("it is no object");
  const authorities = recordsOf(value["authorities"]).map((one): AuthorityRecord => {
    const { trustedAt } = one;
    return { ...keyedOf(one), ...(typeof trustedAt === "number" ? { trustedAt } : {}) };
  });
  const { serving } = value;
  if (!isRecord(serving)) return { authorities };
  const { at, by } = serving;
  if (typeof at !== "number" || typeof by !== "string")
    throw new TypeError("it does not say which authority signed what is served");
  return { authorities, serving: { ...keyedOf(serving), at, by } };
}

export function certificateRecordText(record: CertificateRecord): string {
  return JSON.stringify(record);
}

/** The CA bundle: the certificates of all authorities, PEM. */
export function bundleOf({ authorities }: CertificateRecord): string {
  return authorities.map(({ certificate }) => certificate).join("");
}

/** The authority that signed what is served, if it is still held. */
export function signerOf({ authorities, serving }: CertificateRecord): AuthorityRecord | undefined {
  return authorities.find((one) => fingerprintOf(one) === serving?.by);
}
