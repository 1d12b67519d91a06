export { caaFacts } from "./caa.ts";
export { addressesOf, isOfDns, nameFacts } from "./names.ts";
export type { DnsOptions } from "./resolver.ts";
export { zoneFacts } from "./zone.ts";
