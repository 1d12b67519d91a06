import {
  IssuerDocumentCache,
  type IssuerDocumentsOptions,
  type IssuerDocumentSource,
} from "./issuer-documents.ts";
import { KeptIssuerDocuments } from "./kept-documents.ts";

/**
 * How STS keeps an issuer's documents. `refetch`: for their Cache-Control lifetime, and a key that it does not know has them
 * fetched at once. `keep`: twice as long, whatever it is asked, as a relying party may that hides behind caches.
 */
export type IssuerCache = "refetch" | "keep";

export const issuerCaches: readonly IssuerCache[] = ["refetch", "keep"];

/** The documents of the registered issuers, kept in that way. */
export function issuerDocuments(cache: IssuerCache, options: IssuerDocumentsOptions): IssuerDocumentSource {
  return cache === "keep" ? new KeptIssuerDocuments(options) : new IssuerDocumentCache(options);
}
