import { isRecord, type JsonRecord, PodtrustError, recordOf } from "../base/index.ts";
import type { HttpResponse } from "../http/index.ts";
import { parseObject, text } from "./json.ts";
import type { Directory } from "./resources.ts";
import { isCaUrl } from "./url.ts";

const most = 100;

function invalid(url: string, why: string): PodtrustError {
  return new PodtrustError("acme-directory-invalid", `${url}: ${why}`, { detail: { url } });
}

function profilesOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).slice(0, most);
  return Object.fromEntries(entries.map(([name, words]) => [name, text(words) ?? ""]));
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.slice(0, most).flatMap((one) => text(one) ?? []);
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
