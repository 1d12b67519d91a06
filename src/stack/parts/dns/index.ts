export { dnsOpenTofu } from "./opentofu.ts";
export { openChallengeRecords } from "./open.ts";
export { dnsMemories, dnsParts } from "./part.ts";
