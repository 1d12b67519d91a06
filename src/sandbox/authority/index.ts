export {
  type StandInAuthority,
  authorityPem,
  type CertificateAndKey,
  createAuthority,
  issue,
  issueWithKey,
} from "./authority.ts";
