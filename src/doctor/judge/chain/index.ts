export { isForSts } from "./cluster.ts";
export * from "./facts.ts";
export { type ChainReport, judgeChain } from "./report.ts";
export { knownWords } from "./text-rules.ts";
