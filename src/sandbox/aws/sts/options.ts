import type { MessageProfile } from "../../../rules/trust/index.ts";
import type { Account } from "../state/account.ts";
import type { IssuerDocumentSource } from "./issuer-documents.ts";

/** What STS works with. */
export interface StsOptions {
  readonly account: Account;
  /** How long a new role or a changed trust policy stays unseen, in milliseconds. */
  readonly propagationMs: number;
  /** Which generation of AWS's texts is used. */
  readonly messageProfile: MessageProfile;
  readonly issuers: IssuerDocumentSource;
}
