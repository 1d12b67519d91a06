import { identityLimits } from "../../src/rules/bindings/azure/limits.ts";
import { principalLimits } from "../../src/rules/bindings/gcp/limits.ts";
import type { GrantLimit } from "../../src/rules/bindings/grants/limit.ts";
import { type BoundParty, partyNames } from "../../src/rules/bindings/index.ts";
import { roleLimits } from "../../src/rules/bindings/objects/grant-limits.ts";
import { grantee } from "../../src/rules/bindings/objects/grants.ts";
import type { SchemaField } from "../../src/rules/bindings/schema/field.ts";
import type { GeneratedPage } from "../docs.ts";

type Limits = Readonly<Record<string, Pick<GrantLimit<never, never>, "schema" | "refuses">>>;

const limitsOf: Readonly<Record<BoundParty, Limits>> = {
  aws: roleLimits,
  gcp: principalLimits,
  azure: identityLimits,
};

/** What a field takes, and what it means where it is absent. */
function valueOf(field: SchemaField): string {
  if (field.type === "boolean") return `true or false, default ${field.absent ?? false}`;
  if (field.type === "integer")
    return `${field.minimum ?? 0} to ${field.maximum ?? "any"}, default ${field.absent ?? "none"}`;
  return field.type === "array" ? `a list of ${field.minItems ?? 0} to ${field.maxItems}` : "a text";
}

const row = (name: string, schema: SchemaField, reason: string): string =>
  `| \`${name}\` | ${schema.description ?? ""} | ${valueOf(schema)} | ${reason} |`;

function section(party: BoundParty): string {
  const { binding, trust } = partyNames[party];
  const limits = Object.entries(limitsOf[party]).map(([name, { schema, refuses }]) =>
    row(name, schema, refuses === undefined ? "" : `\`${refuses.reason}\``),
  );
  return `## ${trust.kind}
What its bindings, each of the kind \`${binding.kind}\`, may request.

| field | what it says | value | reason of a binding that it refuses |
| --- | --- | --- | --- |
${limits.join("\n")}
`;
}

function render(): string {
  const everywhere = Object.entries(grantee).map(([name, schema]) => row(name, schema, ""));
  return `# What a grant limits

Each field of a grant, for each kind of trust. The definitions, the admission policy, the operator and this page are made of the
same rows, so that none of them knows a limit that another does not. [Grants](../how-to/grants.md) says how a grant is read.
A binding that no grant allows has one of the [reasons](reasons.md).

## Every grant
| field | what it says | value | reason of a binding that it refuses |
| --- | --- | --- | --- |
${everywhere.join("\n")}

${(Object.keys(limitsOf) as BoundParty[]).map(section).join("\n")}
This page is made from \`src/rules/bindings/\` by \`npm run docs\`.
`;
}

const page: GeneratedPage = { path: "docs/reference/grants.md", render };
export default page;
