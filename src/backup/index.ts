export { type BackupContents, type BackupKind } from "./archive/index.ts";
export { maxBackup, opened, sealed } from "./file.ts";
export { backupName, type BackupTarget, folderTarget } from "./targets.ts";
export {
  checkOwn,
  hasRotation,
  type KeptNow,
  keptNow,
  publisherContents,
  publisherSigner,
  restorePublisher,
  shownOf,
} from "./publisher-file.ts";
export { ScheduledBackup } from "./schedule.ts";
export { type ShownKeys, shownKeys } from "./shown-keys.ts";
export {
  type BackupSignature,
  type BackupSigner,
  signatureOf,
  signedBackup,
  signerOfStoreKey,
} from "./signature.ts";
export { signingContents, signingFiles } from "./signing-file.ts";
export { type Verified, verifyPublisher } from "./verify.ts";
