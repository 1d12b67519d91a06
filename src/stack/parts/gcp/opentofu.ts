import { subjectOfAccount } from "../../../rules/oidc/index.ts";
import type { Config, GcpProject, GcpServiceAccount } from "../../../config/index.ts";
import { principalOf, providerAudience } from "../../../rules/gcp/index.ts";
import { ownershipComment } from "../../../rules/plan/index.ts";
import {
  attributes,
  type Block,
  HclExpression,
  identifier,
  identifiers,
  type HclValue,
} from "../../export/hcl/index.ts";
import { importBlock, type OpenTofuPart } from "../opentofu.ts";

const poolType = "google_iam_workload_identity_pool";
const providerType = "google_iam_workload_identity_pool_provider";
const memberType = "google_service_account_iam_member";
const role = "roles/iam.workloadIdentityUser";

/** Names of one project's resources in OpenTofu. */
interface ProjectBlockNames {
  /** The alias of the provider; undefined if there is one project only. */
  readonly alias: string | undefined;
  readonly pool: string;
  /** Of one ServiceAccount in a service account's policy. */
  member(account: GcpServiceAccount, serviceAccount: string): string;
}

const memberKey = ({ email }: GcpServiceAccount, serviceAccount: string): string =>
  `${email} ${serviceAccount}`;

function namesOf(config: Config, project: GcpProject): ProjectBlockNames {
  const isAlone = config.gcp.length === 1;
  const place = identifier(`${project.project}_${project.pool}`);
  const keys = project.serviceAccounts.flatMap((account) =>
    account.serviceAccounts.map((one) => memberKey(account, one)),
  );
  const names = identifiers(keys, (key) => {
    const [email = "", of = ""] = key.split(" ");
    const short = identifier(`${email.split("@")[0] ?? ""}_${of}`);
    return isAlone ? short : `${place}_${short}`;
  });
  return {
    alias: isAlone ? undefined : place,
    pool: isAlone ? "podtrust" : place,
    member: (account, one) => names.get(memberKey(account, one)) ?? identifier(one),
  };
}

/** The service account by its project, which most addresses name. */
function accountId({ email }: GcpServiceAccount): string {
  const project = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/u.exec(email)?.[1] ?? "-";
  return `projects/${project}/serviceAccounts/${email}`;
}

const providerRef = ({ alias }: ProjectBlockNames): HclExpression | undefined =>
  alias === undefined ? undefined : new HclExpression(`google.${alias}`);

/** The cluster's keys are a variable: OpenTofu's user sets them again after each rotation. */
const keysVariable = "cluster_jwks";

function variableBlocks({ gcp }: Config): readonly Block[] {
  if (!gcp.some(({ keys }) => keys === "upload")) return [];
  return [
    {
      type: "variable",
      labels: [keysVariable],
      comment: `export TF_VAR_${keysVariable}="$(kubectl get --raw /openid/v1/jwks)"`,
      attributes: attributes({ type: new HclExpression("string"), description: "JWK Set of the cluster" }),
    },
  ];
}

function providerBlock(config: Config, project: GcpProject, names: ProjectBlockNames): Block {
  const { audiences, condition, keys } = project;
  const oidc: Block = {
    type: "oidc",
    labels: [],
    attributes: attributes({
      issuer_uri: config.issuer,
      allowed_audiences: audiences.length === 0 ? undefined : audiences,
      jwks_json: keys === "upload" ? new HclExpression(`var.${keysVariable}`) : undefined,
    }),
  };
  return {
    type: "resource",
    labels: [providerType, names.pool],
    attributes: attributes({
      provider: providerRef(names),
      workload_identity_pool_id: new HclExpression(`${poolType}.${names.pool}.workload_identity_pool_id`),
      workload_identity_pool_provider_id: project.provider,
      description: ownershipComment.of(config),
      attribute_mapping: project.mapping,
      attribute_condition: condition,
    }),
    blocks: [oidc],
  };
}

function memberBlocks(project: GcpProject, names: ProjectBlockNames): readonly Block[] {
  const pool = `${poolType}.${names.pool}.name`;
  return project.serviceAccounts.flatMap((account) =>
    account.serviceAccounts.map((one): Block => ({
      type: "resource",
      labels: [memberType, names.member(account, one)],
      attributes: attributes({
        provider: providerRef(names),
        service_account_id: accountId(account),
        role,
        // A subject consists of letters, digits and `:-.` only: nothing in it ends the text.
        member: new HclExpression(
          `"principal://iam.googleapis.com/\${${pool}}/subject/${subjectOfAccount(one)}"`,
        ),
      }),
    })),
  );
}

/** Pool, provider and members of all projects, as resources of OpenTofu's provider for Google. */
function googleBlocks(config: Config): readonly Block[] {
  const projects = config.gcp.flatMap((project): readonly Block[] => {
    const names = namesOf(config, project);
    return [
      {
        type: "provider",
        labels: ["google"],
        attributes: attributes({ alias: names.alias, project: project.project }),
      },
      {
        type: "resource",
        labels: [poolType, names.pool],
        attributes: attributes({
          provider: providerRef(names),
          workload_identity_pool_id: project.pool,
          description: ownershipComment.of(config),
        }),
      },
      providerBlock(config, project, names),
      ...memberBlocks(project, names),
    ];
  });
  return [...variableBlocks(config), ...projects];
}

/** Makes OpenTofu take over the same from podtrust, so that nothing is created twice. */
function googleImports(config: Config): readonly Block[] {
  return config.gcp.flatMap((project) => {
    const names = namesOf(config, project);
    const pool = `projects/${project.project}/locations/global/workloadIdentityPools/${project.pool}`;
    return [
      importBlock(`${poolType}.${names.pool}`, pool),
      importBlock(`${providerType}.${names.pool}`, `${pool}/providers/${project.provider}`),
      ...project.serviceAccounts.flatMap((account) =>
        account.serviceAccounts.map((one) => {
          const id = `${accountId(account)} ${role} ${principalOf(project, subjectOfAccount(one))}`;
          return importBlock(`${memberType}.${names.member(account, one)}`, id);
        }),
      ),
    ];
  });
}

const output = (name: string, value: HclValue): Block => ({
  type: "output",
  labels: [name],
  attributes: attributes({ value }),
});

/** Outputs for others: the audience of tokens, and the principals that resources' policies name. */
function googleOutputs(config: Config): readonly Block[] {
  return config.gcp.flatMap((project) => {
    const { pool } = namesOf(config, project);
    return [
      output(`audience_${pool}`, project.audiences[0] ?? providerAudience(project, "https:")),
      ...project.direct.map((one) =>
        output(`principal_${pool}_${identifier(one)}`, principalOf(project, subjectOfAccount(one))),
      ),
    ];
  });
}

/** The projects of Google Cloud in OpenTofu. */
export const googleOpenTofu: OpenTofuPart = {
  requires: ({ gcp }) =>
    gcp.length === 0 ? [] : [{ name: "google", source: "hashicorp/google", version: ">= 6.3, < 8.0" }],
  blocks: googleBlocks,
  imports: googleImports,
  outputs: googleOutputs,
};
