import { type Link, links } from "../../src/core/base/index.ts";
import { type Cause, type CauseFacts, isCause, type Reason, reasons } from "../../src/core/reasons/index.ts";
import { recordedOutputs } from "../../test/doctor/chain/recorded.ts";
import { writtenOutputs } from "../../test/doctor/outputs.ts";
import type { GeneratedPage } from "../docs.ts";

const outputs = { ...writtenOutputs(), ...recordedOutputs() };

interface Entry extends CauseFacts {
  readonly outcome: string;
  readonly links: readonly Link[];
  readonly summary: string;
  readonly next?: string;
}

const entryOf = (cause: Cause): Entry => reasons[cause];
const numberOf = (cause: Cause): string => `PT${String(entryOf(cause).number).padStart(3, "0")}`;
const severityOf = ({ verdict, outcome }: Entry): string => verdict ?? outcome;

const causes = (Object.keys(reasons) as Reason[])
  .filter(isCause)
  .sort((a, b) => entryOf(a).number - entryOf(b).number);

function render(cause: Cause): string {
  const entry = entryOf(cause);
  const { summary, proof, next = "" } = entry;
  const output = outputs[cause];
  const example =
    output === undefined
      ? ""
      : `
## What doctor says
Of the fault that its test makes in a real part:
\`\`\`
${output.link}  ${output.seen}
next: ${output.next}
\`\`\`
`;
  return `# ${cause}

\`${numberOf(cause)}\`, ${severityOf(entry)}; at ${entry.links.join(", ")}.

${summary}
${entry.retired === true ? "\nRetired: nothing gives it any more.\n" : ""}
**Proof:** ${proof}

**Fix:** ${next}
${example}
[All causes](../causes.md) · [how to use doctor](../../how-to/doctor.md)

This page is made from \`src/core/reasons/\` by \`npm run docs\`.
`;
}

/** The causes of a link by number; the side bar of the site has these groups. A list, since a table is cut on a phone. */
function sectionOf(link: Link): string {
  const items = causes
    .filter((cause) => entryOf(cause).links[0] === link)
    .map((cause) => {
      const entry = entryOf(cause);
      return `- \`${numberOf(cause)}\` [${cause}](causes/${cause}.md), ${severityOf(entry)}. ${entry.summary}`;
    });
  return `## ${link}

${items.join("\n")}
`;
}

function index(): string {
  return `# Causes that doctor names

Each cause has a number and a word. Both are stable, and neither is given another meaning once it was released. They are
grouped by the link of the chain where they are found, or found first. [How to use doctor](../how-to/doctor.md).

${links.map(sectionOf).join("\n")}
This page is made from \`src/core/reasons/\` by \`npm run docs\`.
`;
}

const pages: readonly GeneratedPage[] = [
  { path: "docs/reference/causes.md", render: index },
  ...causes.map((cause) => ({ path: `docs/reference/causes/${cause}.md`, render: () => render(cause) })),
];
export default pages;
