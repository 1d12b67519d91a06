import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedPage } from "../docs.ts";
import { codeOf, measuredFolders, withAge } from "./benchmarks/age.ts";

const pageOf = (part: string): string => `docs/reference/benchmarks/${part}.md`;

/** Of a page that `npm run bench` wrote, the one sentence that depends on the code of today. */
const pages: readonly GeneratedPage[] = Object.entries(measuredFolders).map(([part, folders]) => ({
  path: pageOf(part),
  render: () =>
    withAge(readFileSync(join(import.meta.dirname, "../..", pageOf(part)), "utf8"), codeOf(folders), folders),
}));

export default pages;
