export * from "./aws/index.ts";
export type { Goal, Named, Part, PartContext, Place, Preflight } from "./part.ts";
