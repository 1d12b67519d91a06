export { type BackupContents, type BackupFile, type BackupKind, packed, unpacked } from "./contents.ts";
export { damaged } from "./tar.ts";
