export { dnsOpenTofu } from "./opentofu.ts";
export { openChallengeRecords } from "./open.ts";
export { dnsMemories, dnsParts, dnsRecordIds } from "./part.ts";
