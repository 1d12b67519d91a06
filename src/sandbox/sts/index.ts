export {
  awsIssuerLimits,
  IssuerDocumentCache,
  type IssuerDocumentsOptions,
  type IssuerLimits,
  type RegisteredIssuer,
} from "./issuer-documents.ts";
export type { StsOptions } from "./options.ts";
export { stsService } from "./service.ts";
