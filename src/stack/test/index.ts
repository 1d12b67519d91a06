export type { CaseReport, TestReport, Verdict } from "./case.ts";
export { junitXml } from "./junit.ts";
export { type TestOptions, testStack } from "./run.ts";
