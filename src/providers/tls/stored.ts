import { createHash, createPrivateKey } from "node:crypto";
import { namesOf, readCertificates, validityOf } from "../acme/chain/index.ts";
import {
  defined,
  errorText,
  isRecord,
  type JsonRecord,
  PodtrustError,
  textOf,
  textsOf,
} from "../../core/base/index.ts";
import type { CertificateAddress, StoredAccount, StoredCertificate, StoredRenewal } from "./store.ts";

const format = 1;

/** The name of an account: the CA's directory URL, and its contact, empty for none. */
export interface AccountName {
  readonly directory: string;
  readonly account: string;
}

/** An address in one spelling: names in lower case, sorted, each once. */
function canonicalCertificateAddress(address: CertificateAddress): CertificateAddress {
  const names = [...new Set(address.names.map((name) => name.toLowerCase()))].sort();
  return { directory: address.directory, account: address.account, names };
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 24);
}

// For people who look into the folder; the digest after it distinguishes addresses.
function label(text: string): string {
  const safe = text.replaceAll(/[^a-z0-9.-]/gu, "_").replaceAll(/\.{2,}/gu, ".");
  return safe.slice(0, 80).replaceAll(/^\.+/gu, "");
}

function hostOf(directory: string): string {
  return URL.canParse(directory) ? new URL(directory).hostname : "ca";
}

/** The file name of a certificate. */
export function certificateFile(address: CertificateAddress): string {
  const one = canonicalCertificateAddress(address);
  const id = digest([one.directory, one.account, one.names]);
  return `${label(one.names[0] ?? "none")}@${label(hostOf(one.directory))}-${id}.json`;
}

/** The file name of an account. */
export function accountFile(directory: string, account: string): string {
  return `${label(hostOf(directory))}-${digest([directory, account])}.json`;
}

/** The file name of a lock. */
export function lockFile(name: string): string {
  return `${label(name)}-${digest(name)}.lock`;
}

export function certificateText(address: CertificateAddress, value: StoredCertificate): string {
  return `${JSON.stringify({ format, ...canonicalCertificateAddress(address), ...value }, undefined, 2)}\n`;
}

export function accountText(directory: string, account: string, value: StoredAccount): string {
  return `${JSON.stringify({ format, directory, account, ...value }, undefined, 2)}\n`;
}

function invalid(path: string, why: string, cause?: unknown): PodtrustError {
  return new PodtrustError("certificate-store-invalid", `${path}: ${why}`, { cause, detail: { path } });
}

function fieldsOf(path: string, text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, "it is not JSON", error);
  }
  if (!isRecord(value)) throw invalid(path, "it is no JSON object");
  if (value["format"] !== format) throw invalid(path, `its format is not ${format}`);
  return value;
}

function textIn(path: string, fields: JsonRecord, name: string): string {
  const value = textOf(fields[name]);
  if (value === undefined) throw invalid(path, `${name} is not a text`);
  return value;
}

// What is kept of ARI is a convenience: when it is not whole, the CA is asked again.
function renewalOf(value: unknown): StoredRenewal | undefined {
  if (!isRecord(value)) return undefined;
  const { start, end, selected, checkAt, explanationUrl } = value;
  const numbers = [start, end, selected, checkAt];
  if (!numbers.every((number) => typeof number === "number" && Number.isFinite(number))) return undefined;
  return {
    start: Number(start),
    end: Number(end),
    selected: Number(selected),
    checkAt: Number(checkAt),
    ...defined({ explanationUrl: textOf(explanationUrl) }),
  };
}

/** Throws `certificate-invalid` when the leaf of the chain and the key do not belong together. */
export function checkPair(certificate: string, key: string): void {
  const [leaf] = readCertificates(certificate);
  let matches = false;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new PodtrustError("certificate-invalid", "the private key cannot be read", { cause: error });
  }
  if (matches) return;
  const names = namesOf(leaf).join(", ");
  throw new PodtrustError(
    "certificate-invalid",
    `the private key is not that of the certificate for ${names}`,
  );
}

/** Reads a certificate's file. Throws `certificate-store-invalid`. */
export function readCertificateText(path: string, text: string): StoredCertificate {
  const fields = fieldsOf(path, text);
  const certificate = textIn(path, fields, "certificate");
  const key = textIn(path, fields, "key");
  try {
    checkPair(certificate, key);
  } catch (error) {
    throw invalid(path, errorText(error), error);
  }
  const renewal = renewalOf(fields["renewal"]);
  return { certificate, key, ...defined({ renewal }) };
}

/** Reads an account's file. Throws `certificate-store-invalid`. */
export function readAccountText(path: string, text: string): StoredAccount {
  const fields = fieldsOf(path, text);
  const key = textIn(path, fields, "key");
  try {
    createPrivateKey(key);
  } catch (error) {
    throw invalid(path, "its key cannot be read", error);
  }
  const [uri, externalAccount] = [textOf(fields["uri"]), textOf(fields["externalAccount"])];
  const identities: unknown = fields["caaIdentities"];
  return {
    key,
    ...(Array.isArray(identities) ? { caaIdentities: textsOf(identities) } : {}),
    ...defined({ uri, externalAccount }),
  };
}

/** Reads an account's text and its name. Throws `certificate-store-invalid`, with `place` in front. */
export function readNamedAccount(
  place: string,
  text: string,
): AccountName & { readonly value: StoredAccount } {
  const fields = fieldsOf(place, text);
  const [directory, account] = ["directory", "account"].map((name) => textIn(place, fields, name));
  return { directory: directory ?? "", account: account ?? "", value: readAccountText(place, text) };
}

/** Reads a certificate's text and its address. Throws `certificate-store-invalid`, with `place` in front. */
export function readNamedCertificate(
  place: string,
  text: string,
): CertificateAddress & { readonly value: StoredCertificate } {
  const fields = fieldsOf(place, text);
  const listed: unknown = fields["names"];
  const names = Array.isArray(listed) ? listed.flatMap((one) => textOf(one) ?? []) : [];
  const address = {
    directory: textIn(place, fields, "directory"),
    account: textIn(place, fields, "account"),
    names,
  };
  return { ...address, value: readCertificateText(place, text) };
}

/** Whether two addresses are the same certificate's. */
export function sameAddress(a: CertificateAddress, b: CertificateAddress): boolean {
  return certificateFile(a) === certificateFile(b);
}

/** When a certificate ends; milliseconds since the epoch. Throws `certificate-invalid`. */
export function endOfCertificate({ certificate }: StoredCertificate): number {
  return validityOf(readCertificates(certificate)[0]).notAfter;
}
