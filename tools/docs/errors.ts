import { catalogue, type CatalogueEntry } from "../../src/core/base/index.ts";
import type { GeneratedPage } from "../docs.ts";

function render(): string {
  const entries = Object.entries<CatalogueEntry>(catalogue).sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = entries.map(
    ([code, { summary, next }]) => `## ${code}\n\n${summary}\n\n**Next:** ${next}\n`,
  );
  return `# Errors

Every error that podtrust shows to a user has a stable code, a sentence that says what is wrong with which value,
and one that says what to do next. With \`--json\` they are one object:
\`{"error": {"code", "message", "next", "detail"}}\`. A code, once released, is never given another meaning.

This page is made from \`src/core/base/catalogue/\` by \`npm run docs\`.

${sections.join("\n")}`;
}

const page: GeneratedPage = { path: "docs/reference/errors.md", render };
export default page;
