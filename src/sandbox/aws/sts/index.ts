export { type IssuerCache, issuerCaches, issuerDocuments } from "./issuer-cache.ts";
export type { IssuerDocumentSource, RouteTo } from "./issuer-documents.ts";
export { stsService } from "./service.ts";
