import { mergeTags } from "../../../core/base/index.ts";
import type { AwsConfig, Config, RoleConfig } from "../../../config/index.ts";
import { readArn } from "../../../rules/oidc/index.ts";
import {
  attributes,
  type Block,
  HclExpression,
  identifier,
  identifiers,
  JsonText,
  type HclValue,
} from "../../export/hcl/index.ts";
import { awsTags } from "../../../rules/plan/index.ts";
import { importBlock, type OpenTofuPart } from "../opentofu.ts";
import { formerIssuersOf, providerArnOf, roleArnOf, trustPolicyOf } from "./role-trust.ts";

/** Names of one account's resources in OpenTofu. */
interface AccountBlockNames {
  /** The alias of the provider; undefined if there is one account only. */
  readonly alias: string | undefined;
  readonly provider: string;
  readonly role: (role: RoleConfig) => string;
}

function namesOf(config: Config, { account, roles }: AwsConfig): AccountBlockNames {
  const alias = config.aws.length === 1 ? undefined : identifier(account);
  const names = identifiers(
    roles.map(({ name }) => name),
    (name) => `${identifier(name)}${alias ?? ""}`,
  );
  return { alias, provider: `issuer${alias ?? ""}`, role: ({ name }) => names.get(name) ?? identifier(name) };
}

/** Names of what is attached to a role: managed policies by ARN, inline policies by name. */
function policyNames(role: RoleConfig, name: string) {
  const short = (arn: string): string => `${name}_${identifier(readArn(arn).name)}`;
  const managed = identifiers(role.policies, short);
  const inline = identifiers(Object.keys(role.inline), (policy) => `${name}_${identifier(policy)}`);
  return { managed: [...managed], inline: [...inline] };
}

/** A JSON document with a reference in place of each text that is a resource's ARN: so OpenTofu knows the order. */
function withReferences(value: unknown, references: ReadonlyMap<string, HclExpression>): HclValue {
  if (typeof value === "string") return references.get(value) ?? value;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((one: unknown) => withReferences(one, references));
  if (typeof value !== "object" || value === null) throw new TypeError("a policy holds no null");
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, withReferences(one, references)]),
  );
}

const document = (json: string, references: ReadonlyMap<string, HclExpression> = new Map()): JsonText =>
  new JsonText(withReferences(JSON.parse(json), references));

function providerBlock(
  { alias }: AccountBlockNames,
  { account, region, profile, assumeRole }: AwsConfig,
): Block {
  return {
    type: "provider",
    labels: ["aws"],
    attributes: attributes({ alias, region, profile, allowed_account_ids: [account] }),
    blocks:
      assumeRole === undefined
        ? []
        : [{ type: "assume_role", labels: [], attributes: attributes({ role_arn: assumeRole }) }],
  };
}

function roleBlocks(
  config: Config,
  account: AwsConfig,
  role: RoleConfig,
  names: AccountBlockNames,
): readonly Block[] {
  const { alias } = names;
  const provider = alias === undefined ? undefined : new HclExpression(`aws.${alias}`);
  const arn = new HclExpression(`aws_iam_openid_connect_provider.${names.provider}.arn`);
  const references = new Map([[providerArnOf(account, config.issuer), arn]]);
  const name = names.role(role);
  const { managed, inline } = policyNames(role, name);
  const attached = new HclExpression(`aws_iam_role.${name}.name`);
  return [
    {
      type: "resource",
      labels: ["aws_iam_role", name],
      attributes: attributes({
        provider,
        name: role.name,
        path: role.path,
        description: role.description,
        max_session_duration: role.maxSession,
        permissions_boundary: role.boundary,
        assume_role_policy: document(
          trustPolicyOf({ issuer: config.issuer, formerIssuers: formerIssuersOf(config), account, role }),
          references,
        ),
        tags: mergeTags(account.tags, role.tags, awsTags.of(config)),
      }),
    },
    ...managed.map(([policy, label]): Block => ({
      type: "resource",
      labels: ["aws_iam_role_policy_attachment", label],
      attributes: attributes({ provider, role: attached, policy_arn: policy }),
    })),
    ...inline.map(([policy, label]): Block => ({
      type: "resource",
      labels: ["aws_iam_role_policy", label],
      attributes: attributes({
        provider,
        name: policy,
        role: attached,
        policy: document(role.inline[policy] ?? ""),
      }),
    })),
  ];
}

/** OIDC provider, roles and their policies of all accounts, as resources of OpenTofu's provider for AWS. */
function awsBlocks(config: Config): readonly Block[] {
  return config.aws.flatMap((account) => {
    const names = namesOf(config, account);
    const provider = names.alias === undefined ? undefined : new HclExpression(`aws.${names.alias}`);
    return [
      providerBlock(names, account),
      {
        type: "resource",
        labels: ["aws_iam_openid_connect_provider", names.provider],
        attributes: attributes({
          provider,
          url: config.issuer,
          client_id_list: account.audiences,
          tags: { ...account.tags, ...awsTags.of(config) },
        }),
      },
      ...account.roles.flatMap((role) => roleBlocks(config, account, role, names)),
    ];
  });
}

/** Makes OpenTofu take over the same from podtrust, so that nothing is created twice. */
function awsImports(config: Config): readonly Block[] {
  return config.aws.flatMap((account) => {
    const names = namesOf(config, account);
    return [
      importBlock(`aws_iam_openid_connect_provider.${names.provider}`, providerArnOf(account, config.issuer)),
      ...account.roles.flatMap((role) => {
        const name = names.role(role);
        const { managed, inline } = policyNames(role, name);
        return [
          importBlock(`aws_iam_role.${name}`, role.name),
          ...managed.map(([policy, label]) =>
            importBlock(`aws_iam_role_policy_attachment.${label}`, `${role.name}/${policy}`),
          ),
          ...inline.map(([policy, label]) =>
            importBlock(`aws_iam_role_policy.${label}`, `${role.name}:${policy}`),
          ),
        ];
      }),
    ];
  });
}

/** Outputs for others. */
function awsOutputs(config: Config): readonly Block[] {
  return config.aws.flatMap((account) =>
    account.roles.map((role): Block => {
      const name = namesOf(config, account).role(role);
      return {
        type: "output",
        labels: [`role_arn_${name}`],
        comment: roleArnOf(account, role),
        attributes: attributes({ value: new HclExpression(`aws_iam_role.${name}.arn`) }),
      };
    }),
  );
}

/** The AWS accounts in OpenTofu. */
export const awsOpenTofu: OpenTofuPart = {
  requires: ({ aws }) =>
    aws.length === 0 ? [] : [{ name: "aws", source: "hashicorp/aws", version: "~> 6.0" }],
  blocks: awsBlocks,
  imports: awsImports,
  outputs: awsOutputs,
};
