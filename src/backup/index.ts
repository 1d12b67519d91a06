export { type BackupContents, type BackupKind } from "./archive/index.ts";
export { backupName, maxBackup, opened, sealed } from "./file.ts";
export { publisherContents, restorePublisher } from "./publisher-file.ts";
export { type Verified, verifyPublisher } from "./verify.ts";
