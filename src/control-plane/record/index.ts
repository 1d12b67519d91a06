export { RecordFiles, type RecordCopy, type RecordKeeper, type RecordMachine } from "./record-files.ts";
export { earlierRecord, type SecretCluster, showRecord, shownRecord } from "./record-secret.ts";
export { type RecordStore, type RememberedRotation, ServersRecord } from "./servers-record.ts";
export { type RememberedThefts, TheftsRecord } from "./thefts-record.ts";
export { type RecordReading, type RecordServer, recordServers, UnitedRecord } from "./united-record.ts";
