export type { CaseReport, TestReport, CaseVerdict } from "./case.ts";
export { junitXml } from "./junit.ts";
export { type TestOptions, testStack } from "./stack-test.ts";
