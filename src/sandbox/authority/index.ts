export {
  type Authority,
  authorityPem,
  type CertificateAndKey,
  createAuthority,
  issue,
  issueWithKey,
} from "./authority.ts";
