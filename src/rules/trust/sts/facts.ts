import type { IssuerDocuments } from "../../judge/index.ts";
import type { RequestContext } from "../language/request.ts";
import type { PolicyDocument } from "../language/document.ts";

/** The parameters of AssumeRoleWithWebIdentity as they came: texts, none of them checked. */
export interface WebIdentityRequest {
  readonly roleArn?: string | undefined;
  readonly roleSessionName?: string | undefined;
  readonly webIdentityToken?: string | undefined;
  readonly providerId?: string | undefined;
  readonly durationSeconds?: string | undefined;
  /** The inline session policy. */
  readonly policy?: string | undefined;
  readonly policyArns?: readonly string[] | undefined;
}

/** An OIDC provider of IAM. */
export interface ProviderFacts {
  readonly arn: string;
  /** Without the scheme, as IAM keeps it. */
  readonly url: string;
  readonly clientIds: readonly string[];
  /** SHA-1, 40 hex digits each; absent where they are not known. */
  readonly thumbprints?: readonly string[];
}

/** A role as STS sees it. */
export interface RoleFacts {
  readonly arn: string;
  readonly name: string;
  /** `AROA…`; empty where it is not known. */
  readonly id: string;
  readonly trustPolicy: PolicyDocument;
  /** Seconds. */
  readonly maxSessionDuration: number;
  readonly account: string;
}

/**
 * Condition keys that only a call of STS brings: where it comes from, and by which region and client (IAM User Guide,
 * "AWS global condition context keys").
 */
export const callKeys: readonly string[] = [
  "aws:SourceIp",
  "aws:VpcSourceIp",
  "aws:SourceVpc",
  "aws:SourceVpcArn",
  "aws:SourceVpce",
  "aws:RequestedRegion",
  "aws:UserAgent",
  "aws:Referer",
];

/** All that a decision of AssumeRoleWithWebIdentity depends on, as data. */
export interface WebIdentityFacts {
  readonly request: WebIdentityRequest;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The OIDC providers of the account that the role's ARN names. */
  readonly providers: readonly ProviderFacts[];
  /** Undefined: there is none, or it has not reached STS yet. */
  readonly role: RoleFacts | undefined;
  /** Undefined: not fetched yet. */
  readonly documents?: IssuerDocuments | undefined;
  /** The managed policies that may limit a session; undefined for an ARN that names none. */
  readonly managedPolicy?: ((arn: string) => PolicyDocument | undefined) | undefined;
  /** More condition keys that the request brings: aws:SourceIp, aws:SecureTransport. */
  readonly context?: RequestContext | undefined;
  /** Where no call was made yet: `callKeys`, since their values are not known. Empty for an actual call. */
  readonly unknownKeys?: readonly string[] | undefined;
  /** STS is switched off for the account in the region that was asked. */
  readonly regionDisabled?: boolean | undefined;
}
