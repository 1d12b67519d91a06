export { hetznerDns } from "./provider.ts";
