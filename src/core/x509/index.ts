export {
  type AuthorityContent,
  type CertificateContent,
  createAuthority,
  issueCertificate,
  type SigningCa,
  type LeafContent,
  signCertificate,
  type Validity,
} from "./certificate.ts";
export { octetString } from "./der.ts";
export {
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from "./extensions.ts";
export { keyIdentifier, type KeyPair, newKeyPair, privateKeyPem } from "./keys.ts";
export { addressBytes, type AlternativeName, canonicalAddress, type CertificateSubject } from "./names.ts";
export {
  allowsDigitalSignature,
  alternativeNamesOf,
  authorityKeyIdentifierOf,
  type BasicConstraints,
  basicConstraintsOf,
  certificateExtension,
  serialNumberOf,
  subjectKeyIdentifierOf,
} from "./read-certificate.ts";
export { DerError } from "./read.ts";
export {
  newSigningRequest,
  type ReadRequest,
  readRequest,
  type RequestContent,
  type SigningRequest,
  writeRequest,
} from "./request.ts";
