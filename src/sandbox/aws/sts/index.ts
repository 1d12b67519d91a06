export { IssuerDocumentCache } from "./issuer-documents.ts";
export { stsService } from "./service.ts";
