export {
  type AccountJwk,
  type AccountKey,
  createAccountKey,
  type ExternalAccount,
  readAccountKey,
} from "./account-key.ts";
export { type AcmeAccount, type RevocationReason } from "./account.ts";
export { type AcmeClient, type NewAccount, openAcme } from "./client.ts";
export { type AcmeClientOptions } from "./session.ts";
export { type Directory, letsEncrypt, stagingOf } from "./directory.ts";
export { type Authorization, type Challenge, type NewOrder, type Order } from "./order.ts";
export { type ChallengeSolver, type Identifier, type PresentedChallenge } from "./solver.ts";
export { type Http01Solver, http01Solver } from "./http-01.ts";
export { acmeTlsProtocol, type TlsAlpn01Solver, tlsAlpn01Solver, validationName } from "./tls-alpn-01.ts";
export { type Dns01Options, dns01Solver, type TxtRecords } from "./dns-01.ts";
export { type CertificateRequest, type IssuedCertificate, obtainCertificate } from "./obtain.ts";
export { AcmeProblem, isPassing, type Subproblem } from "./problem.ts";
export { certificateId, type RenewalInfo } from "./renewal-info.ts";
export { identifiersOf } from "./names.ts";
