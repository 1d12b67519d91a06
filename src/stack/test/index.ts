export type { CaseReport, TestReport, CaseVerdict } from "./case.ts";
export { testXml } from "./junit.ts";
export { type TestOptions, testStack } from "./stack-test.ts";
