export {
  type Consent,
  consentDigest,
  type ConsentEnvironment,
  consentNext,
  type ConsentRequest,
  isConsented,
  isListed,
} from "./consent.ts";
