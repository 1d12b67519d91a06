export {
  type Authority,
  authorityPem,
  type CertificateAndKey,
  createAuthority,
  issue,
  issueWithKey,
  type LeafRequest,
  longValidity,
  newKeys,
  pem,
  type Validity,
} from "./authority.ts";
