import { durationText } from "../../src/core/base/index.ts";
import {
  boundsOf,
  federatedParties,
  keyMemoryText,
  type RelyingPartyBounds,
} from "../../src/rules/oidc/index.ts";
import type { GeneratedPage } from "../docs.ts";

const parties: readonly RelyingPartyBounds[] = (["aws", ...federatedParties] as const).map(boundsOf);

const numberText = (value: number | undefined, none: string): string =>
  value === undefined ? none : String(value);

const unknown = "not known";

/** What is compared, and what stands in a relying party's column. */
const rows: readonly (readonly [what: string, cell: (party: RelyingPartyBounds) => string])[] = [
  ["Signatures that it verifies", ({ algorithms }) => algorithms.join(", ")],
  [
    "Keys of a set that it looks at",
    ({ maxKeys, countsByType }) =>
      maxKeys === undefined ? unknown : `${maxKeys}${countsByType === true ? " of each type" : ""}`,
  ],
  ["Keys that may be uploaded", ({ maxUploadedKeys }) => numberText(maxUploadedKeys, "none")],
  [
    "It fetches from",
    ({ fetchesPublicly, maxUploadedKeys }) => {
      const from = fetchesPublicly ? "the public internet" : "where it runs";
      return maxUploadedKeys === undefined ? from : `${from}, unless keys are uploaded`;
    },
  ],
  ["Characters of an issuer", ({ maxIssuer }) => numberText(maxIssuer, unknown)],
  ["Audiences of one trust", ({ maxAudiences }) => numberText(maxAudiences, unknown)],
  ["Characters of an audience", ({ maxAudience }) => numberText(maxAudience, unknown)],
  ["Bytes of a subject", ({ maxSubjectBytes }) => numberText(maxSubjectBytes, unknown)],
  ["Characters of a token", ({ maxToken }) => numberText(maxToken, unknown)],
  [
    "A token may live for",
    ({ maxTokenSeconds }) =>
      maxTokenSeconds === undefined ? "no limit is known" : durationText(maxTokenSeconds * 1000),
  ],
  [
    "ServiceAccounts of one identity",
    ({ maxCredentials }) => numberText(maxCredentials, "no limit of its own"),
  ],
  ["A set that was fetched is kept, beyond `Cache-Control`, for", ({ keys }) => durationText(keys.fetchedMs)],
  [
    "Keys that were uploaded count after",
    ({ keys: { uploadedMs } }) => (uploadedMs === undefined ? "none are" : durationText(uploadedMs)),
  ],
];

/** The same of access. */
const times: readonly (readonly [what: string, cell: (party: RelyingPartyBounds) => string])[] = [
  ["What is given for a token lives for", ({ access }) => access.lifetime],
  ["Clocks may differ by", ({ access }) => access.skew],
  ["Who was just let in is, after", ({ access }) => access.granted],
  ["Who was just shut out gets nothing new, after", ({ access }) => access.revoked],
  ["What was given before ends by", ({ access }) => access.ended],
];

function table(of: typeof rows): string {
  const head = ["", ...parties.map(({ title }) => title)].join(" | ");
  const lines = of.map(([what, cell]) => `| ${[what, ...parties.map(cell)].join(" | ")} |`);
  return `| ${head} |\n|${" --- |".repeat(parties.length + 1)}\n${lines.join("\n")}`;
}

function render(): string {
  const known = parties.map((party) => `- **${party.title}**: ${keyMemoryText(party)}`);
  const sources = parties.map(
    ({ title, sources: from }) => `**${title}**\n\n${from.map((one) => `- ${one}`).join("\n")}\n`,
  );
  return `# What relying parties take

What each relying party takes of an issuer and of its tokens. Config, \`plan\`, \`rotate\`, \`doctor\` and the publisher keep to
this table, and none has a number of its own. "Not known" means that no limit is documented or measured.

${table(rows)}

Each has a page that begins with an empty account, and says the least rights and what it costs: [AWS](../how-to/aws.md),
[Google Cloud](../how-to/gcp.md), [Azure](../how-to/azure.md), [OpenBao](../how-to/openbao.md).

## How long access lives
"Measured" and "observed" is what others saw on the real cloud and published; of OpenBao, what its own server does in the tests.
"Reported" is what users wrote. All else is documented.

${table(times)}

## How long keys are kept
${known.join("\n")}

\`publisher.relyingPartyCache\` is by default the longest of these times, of those that a config declares and that fetch. It is
never less than an hour, since someone has to make the upload.

## Sources
${sources.join("\n")}
This page is made from \`src/rules/oidc/relying-parties.ts\` by \`npm run docs\`.
`;
}

const page: GeneratedPage = { path: "docs/reference/relying-parties.md", render };
export default page;
