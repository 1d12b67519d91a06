import {
  IssuerDocumentCache,
  type IssuerDocumentsOptions,
  type IssuerDocumentSource,
} from "./issuer-documents.ts";
import { KeptIssuerDocuments } from "./kept-documents.ts";

/**
 * How STS keeps an issuer's documents. `refetch`: for their Cache-Control lifetime, and an unknown key makes it fetch
 * them at once. `keep`: twice as long in any case, as a relying party behind caches may.
 */
export type IssuerCache = "refetch" | "keep";

export const issuerCaches: readonly IssuerCache[] = ["refetch", "keep"];

/** The documents of the registered issuers, cached in that way. */
export function issuerDocuments(cache: IssuerCache, options: IssuerDocumentsOptions): IssuerDocumentSource {
  return cache === "keep" ? new KeptIssuerDocuments(options) : new IssuerDocumentCache(options);
}
