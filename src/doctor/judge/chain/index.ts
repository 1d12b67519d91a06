export { isForSts } from "./cluster.ts";
export * from "./facts.ts";
export { judgeChain } from "./report.ts";
export { knownWords } from "./text-rules.ts";
