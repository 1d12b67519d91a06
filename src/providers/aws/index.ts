export { accessOf, type AwsAccess, type AwsCredentials } from "./access.ts";
export {
  type AccountQuotas,
  hasManagedPolicy,
  readAccountQuotas,
  readManagedPolicy,
  defaultOidcProviders,
} from "./account-quotas.ts";
export {
  assumeWithWebIdentity,
  type AssumedIdentity,
  maxPropagation,
  waitUntilAssumable,
  type AssumeRequest,
} from "./assume.ts";
export { type AwsComplaint, awsError, complaintOf, isAwsCode } from "./failure.ts";
export { callerIdentity, type CallerIdentity, checkAccount, defaultRegion } from "./identity.ts";
export { type JobOptions, type JobResult, runJob } from "./job.ts";
export { oidcProviderArn, type OidcProviderFacts, readOidcProviders } from "./oidc-provider.ts";
export {
  type LaterThumbprints,
  observedProvider,
  oidcProviderNames,
  oidcProviderResource,
  type OidcProviderSpec,
} from "./oidc-provider-resource.ts";
export { type AccountSurvey, surveyAccount } from "./account-survey.ts";
export { roleToDelete } from "./deletion.ts";
export { readRole, readRoleState, roleArn, type IamRole, type RoleState, trustedRole } from "./role.ts";
export {
  isClosedAfterTheft,
  type Lockdown,
  lockdownPolicies,
  lockdownSteps,
  reopeningSteps,
  type Revocation,
} from "./lockdown.ts";
export { type ParameterSpec, putParameter } from "./parameter.ts";
export { formerTrust, givenBackTrust, keepingTrust } from "./former-trust.ts";
export {
  observedRole,
  roleNames,
  roleOwner,
  roleResource,
  type RoleSpec,
  desiredTrust,
} from "./role-resource.ts";
export { cutRole } from "./role-changes.ts";
export { type AllowedRights, closingOf, type Cut, cutOf } from "./role-cut.ts";
export { samePolicy } from "./same-policy.ts";
export { hostedZoneNames } from "./route53/api.ts";
export { route53Claim } from "./route53/claims.ts";
export { route53Dns } from "./route53/provider.ts";
export { openBackupBucket } from "./s3-backups.ts";
export { openS3Documents, type S3Documents, type S3Location } from "./s3-publication.ts";
export { readPublicAccess, type PublicAccess } from "./s3-access.ts";
export { type BucketPolicy, publicBucketPolicy, publisherPolicy } from "./s3-policy.ts";
export { type AwsSession, openAws } from "./session.ts";
export {
  closedTrustPolicy,
  trustsProvider,
  webIdentityTrustPolicy,
  type WebIdentityTrust,
  trustedPrincipals,
} from "./trust-policy.ts";
