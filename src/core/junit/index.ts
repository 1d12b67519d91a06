export { type JunitCase, junitXml } from "./junit.ts";
