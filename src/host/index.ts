export * from "./publisher/index.ts";
export { HostConnection, type HostPlace } from "./connection.ts";
export { pinnedKnownHosts } from "./host-key-pin.ts";
export { k3sNames, k3sResource } from "./k3s/resource.ts";
export type { K3sWish } from "./k3s/wish.ts";
export { openSession, type SshSession } from "./session.ts";
export type { SshTarget } from "./target.ts";
