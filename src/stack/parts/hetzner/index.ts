export { hetznerOpenTofu } from "./opentofu.ts";
export { hetznerMemories } from "./memory.ts";
export { hetznerParts } from "./part.ts";
export { machineAddresses } from "./resources.ts";
export { hetznerApi } from "./api.ts";
