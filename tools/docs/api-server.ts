import {
  type DistributionName,
  distributions,
  type Instruction,
  issuerInstructions,
  standardIssuer,
} from "../../src/rules/distribution/index.ts";
import type { GeneratedPage } from "../docs.ts";

const issuer = "https://oidc.example.com";

function instructionText({ pass, where, lines, next, note }: Instruction): string {
  return [
    ...(pass === undefined ? [] : [`**${pass}.**`, ""]),
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
  const spec = {
    issuers: [issuer, old ?? "https://ENDPOINT:6443"],
    jwksUri: `${issuer}/openid/v1/jwks`,
  };
  return [`## ${title}`, ...issuerInstructions(name, spec).map(instructionText)].join("\n");
}

function render(): string {
  const names = Object.keys(distributions) as DistributionName[];
  const instructed = names.filter(
    (name) => issuerInstructions(name, { issuers: [], jwksUri: "" }).length > 0,
  );
  const managed = names.filter((name) => !instructed.includes(name)).map((name) => distributions[name].title);
  return `# The API server's issuer

An API server signs as the first \`--service-account-issuer\` that it has, and accepts tokens of all of them. The one that
the cluster had stays, or every token in use is refused. \`--service-account-jwks-uri\` says where you publish the keys.

**Change the issuer in two passes**, each over all API servers. In pass 1 every server accepts the new issuer, and the old one
still signs. In pass 2 the new issuer signs. In one pass, the servers that have not restarted yet refuse every token that a
restarted one has made. A cluster with a single API server can begin with pass 2. To go back, run the passes in the opposite
order: first the lines of pass 1 everywhere, and the old flags only when no token of the new issuer is in use.

**Before pass 1 the new issuer's documents have to be public**, or AWS refuses the first tokens that name it. List the issuer that
the cluster has now in \`publisher.formerIssuers\`. The publisher then publishes this cluster's keys under the new issuer. In
its status and metrics it says as long that no token names it yet. A cluster of any other issuer is refused as
before. Take the key out again when the old issuer is given up: many clusters have the same one by default.

Leave \`--api-audiences\` out, or let it name every issuer: with only the new one in it, tokens of the old one are refused.

Each distribution has its own place for these flags; \`podtrust init\` finds out which one a cluster is of, and prints these
lines with its issuers in them.

${managed.join(", ")}: the provider starts the API server and serves the issuer's documents. Nothing is
to be set; leave the \`publisher\` section out.

This page is made from \`src/rules/distribution/\` by \`npm run docs\`.

${instructed.map((name) => section(distributions[name].title, name)).join("\n")}
${section("Any other", undefined)}`;
}

const page: GeneratedPage = { path: "docs/reference/api-server.md", render };
export default page;
