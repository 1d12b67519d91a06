export { dnsMemories, dnsParts } from "./part.ts";
