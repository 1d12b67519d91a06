export { AcmeAccounts } from "./accounts.ts";
export { directoriesOf } from "./environments.ts";
export { fileStore, type FileStoreOptions } from "./file-store.ts";
export {
  type AccountUri,
  type CertificateIssuer,
  type CertificateManager,
  type CertificateManagerOptions,
  type CertificateSource,
  type CertificateState,
  type CertificateStatus,
  type ServedCertificate,
} from "./contract.ts";
export { registerAccount, type Registration } from "./registration.ts";
export { startCertificateManager } from "./certificate-manager.ts";
export { type RenewalReason } from "./renewal.ts";
export {
  type AccountRecords,
  accountStore,
  lockLost,
  readAccount,
  type RecordConditions,
  type RecordName,
  recordStore,
  type StoreRecords,
} from "./record-store.ts";
export {
  type AccountName,
  accountText,
  certificateText,
  endOfCertificate,
  readNamedAccount,
  readNamedCertificate,
  sameAddress,
} from "./stored.ts";
export {
  type AccountStore,
  type CertificateAddress,
  type CertificateStore,
  type StoredAccount,
  type StoredCertificate,
  type StoredRenewal,
  type StoreLock,
} from "./store.ts";
