export { type Caa, caaText, canonicalValue, parseCaa, quoted } from "./canonical.ts";
export type {
  DnsProvider,
  DnsWork,
  DnsZone,
  FoundSet,
  RecordKey,
  RecordSet,
  RecordType,
  TextValue,
} from "./provider.ts";
export {
  type DerivedValues,
  type DnsPlace,
  recordNames,
  recordResource,
  recordsSeen,
  recordToDelete,
  type RecordSpec,
} from "./record-resource.ts";
export { askServers } from "./ask-servers.ts";
export { challengeRecords, type ChallengeRecords } from "./challenge-records.ts";
export { type AskServers, untilServed } from "./served.ts";
export { nameTaken, NotSettled, untilSettled } from "./until-settled.ts";
export { innermostZone } from "./zones.ts";
