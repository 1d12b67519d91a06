import type { StsRule } from "../rule.ts";
import { audienceRules } from "./audience.ts";
import { documentRules } from "./documents.ts";
import { keyRules } from "./keys.ts";
import { parameterRules } from "./parameters.ts";
import { providerRules } from "./provider.ts";
import { requestRules } from "./request.ts";
import { rolesClaim } from "./roles-claim.ts";
import { sessionRules } from "./session.ts";
import { sessionClaimRules } from "./session-claims.ts";
import { timeRules } from "./time.ts";
import { tokenRules } from "./token.ts";
import { trustRules } from "./trust.ts";

export { unknownChain } from "./documents.ts";
export { parseRoleArn } from "./request.ts";
export { claimKeys } from "./claim-keys.ts";

/** The rules about a role and what a token says of itself, which can be asked before there is a token or a call. */
export const admissionRules: readonly StsRule[] = [
  ...audienceRules,
  ...sessionClaimRules,
  rolesClaim,
  ...trustRules,
];

/**
 * The rules by which STS accepts a token, in the order in which they are asked; the first that refuses gives the
 * answer. AWS does not document its order: parameters come first and trust after the token, that much is known.
 */
export const stsRules: readonly StsRule[] = [
  ...parameterRules,
  ...requestRules,
  ...tokenRules,
  ...timeRules,
  ...audienceRules,
  ...providerRules,
  ...documentRules,
  ...keyRules,
  ...sessionClaimRules,
  rolesClaim,
  ...trustRules,
  ...sessionRules,
];
