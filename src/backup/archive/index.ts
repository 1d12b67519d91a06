export {
  type BackupContents,
  type BackupFile,
  type BackupKind,
  maxArchive,
  packed,
  unpacked,
} from "./contents.ts";
export { damaged } from "./tar.ts";
