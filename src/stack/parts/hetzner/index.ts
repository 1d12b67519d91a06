export { hetznerParts } from "./part.ts";
