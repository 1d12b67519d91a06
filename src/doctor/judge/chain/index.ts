export * from "./facts.ts";
export { type ChainReport, judgeChain } from "./report.ts";
export { saysSomething } from "./text-rules.ts";
