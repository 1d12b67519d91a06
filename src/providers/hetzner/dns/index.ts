export { openHetznerDns } from "./open.ts";
