export { hetznerParts } from "./part.ts";
export { machineAddresses } from "./resources.ts";
