export { keptRecord, RecordSecret, recordSecret, type RecordStore } from "./record-secret.ts";
export { RecordFiles, type RecordCopy, type RecordKeeper, type RecordMachine } from "./record-files.ts";
export { type RecordReading, type RecordServer, UnitedRecord } from "./united-record.ts";
