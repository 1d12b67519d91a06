export { dnsParts } from "./part.ts";
