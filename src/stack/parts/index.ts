export * from "./aws/index.ts";
export type { Goal, Part, PartContext, Place, Preflight } from "./part.ts";
