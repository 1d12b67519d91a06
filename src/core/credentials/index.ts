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
export type { CredentialName } from "./credential-rows.ts";
