export { keptRecord, RecordSecret, recordSecret, type RecordStore } from "./record-secret.ts";
