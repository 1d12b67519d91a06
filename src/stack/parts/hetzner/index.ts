export { hetznerOpenTofu } from "./opentofu.ts";
export { hetznerParts } from "./part.ts";
export { machineAddresses } from "./resources.ts";
