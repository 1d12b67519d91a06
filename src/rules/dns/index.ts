export { caaAuthorities } from "./certificate-authorities.ts";
export { type Caa, caaText, canonicalValue, parseCaa, quoted } from "./canonical.ts";
export type {
  DnsProvider,
  DnsWork,
  DnsZone,
  ObservedRecordSet,
  RecordKey,
  RecordSet,
  RecordType,
  TextValue,
} from "./provider.ts";
export {
  type DerivedValues,
  type ProviderZone,
  recordNames,
  recordResource,
  recordsSeen,
  recordToDelete,
  type RecordSpec,
} from "./record-resource.ts";
export { innermostZone } from "./zones.ts";
