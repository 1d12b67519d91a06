export { IssuerDocumentCache, type RouteTo } from "./issuer-documents.ts";
export { stsService } from "./service.ts";
