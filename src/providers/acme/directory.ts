import { isRecord, type JsonRecord, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { isCaUrl, parseObject, text } from "./answer.ts";

/** RFC 8555 §7.1.1, with ARI (RFC 9773 §3) and profiles (draft-ietf-acme-profiles). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string | undefined;
  readonly renewalInfo: string | undefined;
  readonly termsOfService: string | undefined;
  /** The names of this CA in CAA records. */
  readonly caaIdentities: readonly string[];
  readonly externalAccountRequired: boolean;
  /** Name → description; empty when the CA has none. */
  readonly profiles: Readonly<Record<string, string>>;
}

/** Throws `acme-directory-invalid` for a directory URL over which nothing could be trusted. */
export function checkDirectoryUrl(url: string): void {
  if (isCaUrl(url)) return;
  throw new PodtrustError("acme-directory-invalid", `${url}: a CA's directory must be an https URL`, {
    detail: { url },
  });
}

/** The directories of Let's Encrypt (https://letsencrypt.org/docs/acme-protocol-updates/, .../staging-environment/). */
export const letsEncrypt = {
  production: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
} as const;

/** The staging directory of a CA, where we know one. */
export function stagingOf(directory: string): string | undefined {
  return directory === letsEncrypt.production ? letsEncrypt.staging : undefined;
}

/**
 * The origins that requests to a CA may go to: the directory's own, and those that the directory names itself. An
 * order, an authorization or a challenge may name no others, or a CA could make us POST to any host.
 */
export function originsOf(directoryUrl: string, directory: Directory): ReadonlySet<string> {
  const { newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo } = directory;
  const urls = [directoryUrl, newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo];
  return new Set(urls.flatMap((url) => (url === undefined ? [] : new URL(url).origin)));
}

const maxEntries = 100;

function invalid(url: string, why: string): PodtrustError {
  return new PodtrustError("acme-directory-invalid", `${url}: ${why}`, { detail: { url } });
}

function profilesOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).slice(0, maxEntries);
  return Object.fromEntries(entries.map(([name, words]) => [name, text(words) ?? ""]));
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.slice(0, maxEntries).flatMap((one) => text(one) ?? []);
}

function metaOf(
  document: JsonRecord,
): Omit<Directory, "newNonce" | "newAccount" | "newOrder" | "revokeCert" | "keyChange" | "renewalInfo"> {
  const meta = recordOf(document["meta"]);
  return {
    termsOfService: text(meta["termsOfService"]),
    caaIdentities: textsOf(meta["caaIdentities"]),
    externalAccountRequired: meta["externalAccountRequired"] === true,
    profiles: profilesOf(meta["profiles"]),
  };
}

/** Reads a directory (RFC 8555 §7.1.1). Throws `acme-directory-invalid`. */
export function readDirectory(url: string, response: HttpResponse): Directory {
  const document = parseObject(response.body);
  if (document === undefined) throw invalid(url, "the answer is not a JSON object");
  const optional = (name: string): string | undefined => {
    const value = text(document[name]);
    if (value === undefined || value === "") return undefined;
    if (!isCaUrl(value)) throw invalid(url, `${name} is ${value}, which is not an https URL`);
    return value;
  };
  const needed = (name: string): string => {
    const value = optional(name);
    if (value === undefined) throw invalid(url, `it names no ${name}`);
    return value;
  };
  return {
    newNonce: needed("newNonce"),
    newAccount: needed("newAccount"),
    newOrder: needed("newOrder"),
    revokeCert: needed("revokeCert"),
    keyChange: optional("keyChange"),
    renewalInfo: optional("renewalInfo"),
    ...metaOf(document),
  };
}
