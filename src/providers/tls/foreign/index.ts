/** Certificates that somebody else orders, in files or in a Secret: watched, without what orders one. */
export { type CertificateFilesOptions, watchCertificateFiles } from "./certificate-files.ts";
export { type ForeignPair, watchForeignCertificate } from "./foreign-certificate.ts";
