export type { ForwardedCluster } from "../../../providers/host/index.ts";
export { type SshAccess, sshAccess } from "./access.ts";
export { type Machine, openMachine } from "./machine.ts";
export { hostParts } from "./part.ts";
export { hostConnection } from "./locator.ts";
export { lookAtApiServers } from "./servers.ts";
export type { ServerSight } from "../../../control-plane/servers/index.ts";
export { readSigningKeys } from "./signing-keys.ts";
export { k3sFiles } from "./spec.ts";
