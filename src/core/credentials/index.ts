export {
  type Consent,
  consentDigest,
  type ConsentEnvironment,
  consentNext,
  type ConsentRequest,
  isConsented,
  isListed,
} from "./consent.ts";
export { type Elsewhere, requireConsentTo, requireGivenFile } from "./elsewhere.ts";
export { type CredentialFileName, type CredentialName, fileRuleOf } from "./credential-rows.ts";
export { secretKind, secretName, withoutAnySecret, withoutSecretMembers, withoutSecrets } from "./secrets.ts";
export { credentialVariable, firstVariable } from "./variables.ts";
