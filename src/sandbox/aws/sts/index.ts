export { IssuerDocumentCache, type WayTo } from "./issuer-documents.ts";
export { stsService } from "./service.ts";
