export { type Caa, caaText, canonicalValue, parseCaa, quoted } from "./canonical.ts";
export type {
  DnsProvider,
  DnsWork,
  DnsZone,
  FoundSet,
  RecordKey,
  RecordSet,
  RecordType,
} from "./provider.ts";
export {
  type DnsPlace,
  recordNames,
  recordResource,
  recordsSeen,
  recordToDelete,
  type RecordWish,
} from "./record-resource.ts";
export { zonesAbove } from "./zones.ts";
