import {
  type DistributionName,
  distributions,
  type Instruction,
  issuerInstructions,
  standardIssuer,
} from "../../src/distribution/index.ts";
import type { GeneratedPage } from "../docs.ts";

const issuer = "https://oidc.example.com";

function instructionText({ where, lines, next, note }: Instruction): string {
  return [
    `In ${where}:`,
    "```",
    ...lines,
    "```",
    ...(next === undefined ? [] : [`Then: ${next}.`]),
    ...(note === undefined ? [] : ["", note]),
    "",
  ].join("\n");
}

function section(title: string, name: DistributionName | undefined): string {
  const old = standardIssuer(name);
  const wish = {
    issuers: [issuer, old ?? "https://ENDPOINT:6443"],
    jwksUri: `${issuer}/openid/v1/jwks`,
  };
  return [`## ${title}`, ...issuerInstructions(name, wish).map(instructionText)].join("\n");
}

function render(): string {
  const names = Object.keys(distributions) as DistributionName[];
  const told = names.filter((name) => issuerInstructions(name, { issuers: [], jwksUri: "" }).length > 0);
  const managed = names.filter((name) => !told.includes(name)).map((name) => distributions[name].title);
  return `# The API server's issuer

An API server signs as the first \`--service-account-issuer\` that it has, and accepts tokens of all of them: yours comes
first, and the one that the cluster had stays, or every token in use is refused. \`--service-account-jwks-uri\` says where
you publish the keys. Each distribution has its own place for these flags; \`podtrust init\` finds out which one a cluster
is of, and prints these lines with its issuers in them.

${managed.join(", ")}: the provider starts the API server and serves the issuer's documents. Nothing is to
be told; leave the \`publisher\` section out.

This page is made from \`src/distribution/\` by \`npm run docs\`.

${told.map((name) => section(distributions[name].title, name)).join("\n")}
${section("Any other", undefined)}`;
}

const page: GeneratedPage = { path: "docs/reference/api-server.md", render };
export default page;
