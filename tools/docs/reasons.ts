import { links } from "../../src/core/base/index.ts";
import { type Outcome, type Reason, reasons } from "../../src/core/reasons/index.ts";
import type { GeneratedPage } from "../docs.ts";

const titles: readonly (readonly [Outcome, string, string])[] = [
  ["broken", "Broken", "A link does not hold. `podtrust status` ends with exit code 3."],
  ["warning", "Warnings", "The link holds, and something about it should be looked at."],
  ["unseen", "Not seen", "It could not be looked at from here; nothing is known to be wrong with it."],
  ["ok", "Holds", "The link was looked at and is as it should be."],
];

function section(name: Reason): string {
  const entry: { links: readonly string[]; summary: string; next?: string } = reasons[name];
  const where = links.filter((link) => entry.links.includes(link)).join(", ");
  const next = entry.next === undefined ? "" : `\n**Next:** ${entry.next}\n`;
  return `### ${name}\n\n${entry.summary} (${where})\n${next}`;
}

function render(): string {
  const names = (Object.keys(reasons) as Reason[]).sort();
  const parts = titles.map(([outcome, title, what]) => {
    const sections = names.filter((name) => reasons[name].outcome === outcome).map(section);
    return `## ${title}\n\n${what}\n\n${sections.join("\n")}`;
  });
  return `# Reasons

Why a link of the chain is as it is, by a stable word: the \`reason\` of each finding in \`podtrust status --json\`. The
words are such that a Kubernetes condition can carry them. A reason, once released, is never given another meaning.

This page is made from \`src/core/reasons/\` by \`npm run docs\`.

${parts.join("\n")}`;
}

const page: GeneratedPage = { path: "docs/reference/reasons.md", render };
export default page;
