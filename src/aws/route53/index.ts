export { route53Dns } from "./provider.ts";
