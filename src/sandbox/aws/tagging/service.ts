import type { Account } from "../state/account.ts";
import type { Tag } from "../state/records.ts";
import { action, type Service } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { flag, integer, structures, text, texts } from "../wire/input.ts";

interface Tagged {
  readonly arn: string;
  /** `ssm:parameter`. */
  readonly type: string;
  readonly tags: readonly Tag[];
}

/** The one region in which AWS lists IAM's resources. */
const iamRegion = "us-east-1";

/**
 * The tagged resources of a region, sorted by ARN. Of IAM the Tagging API shows everything but roles and users
 * (Resource Groups Tagging API Reference, "Services that support the Resource Groups Tagging API").
 */
function taggedIn(account: Account, region: string): readonly Tagged[] {
  const parameters = account.parameters
    .entries()
    .filter(([key]) => key.startsWith(`${region}/`))
    .map(([, { arn, tags }]) => ({ arn, tags, type: "ssm:parameter" }));
  const iam =
    region === iamRegion
      ? [
          ...account.providers.values().map(({ arn, tags }) => ({ arn, tags, type: "iam:oidc-provider" })),
          ...account.policies.values().map(({ arn, tags }) => ({ arn, tags, type: "iam:policy" })),
          ...account.instanceProfiles
            .values()
            .map(({ arn, tags }) => ({ arn, tags, type: "iam:instance-profile" })),
        ]
      : [];
  return [...parameters, ...iam]
    .filter(({ tags }) => tags.length > 0)
    .sort((a, b) => (a.arn < b.arn ? -1 : 1));
}

interface TagFilter {
  readonly Key: string | undefined;
  readonly Values: readonly string[] | undefined;
}

function hasTag({ tags }: Tagged, { Key: key, Values: values = [] }: TagFilter): boolean {
  const value = tags.find((tag) => tag.key === key)?.value;
  return value !== undefined && (values.length === 0 || values.includes(value));
}

function isOfType({ type }: Tagged, filters: readonly string[]): boolean {
  return filters.some((filter) => filter === type || type.startsWith(`${filter}:`));
}

function after(token: string): string {
  const arn = Buffer.from(token, "base64url").toString("utf8");
  if (arn.startsWith("arn:")) return arn;
  throw new AwsError("PaginationTokenExpiredException", "The pagination token is not one of this call.");
}

/** The Resource Groups Tagging API for one account (AWS JSON 1.1); it lists tagged resources, and sets no tags. */
export function taggingService({ account }: { readonly account: Account }): Service {
  return {
    name: "tagging",
    protocol: "json",
    version: "2017-01-26",
    namespace: "ResourceGroupsTaggingAPI_20170126",
    validationCode: "InvalidParameterException",
    actions: {
      GetResources: action({
        input: {
          PaginationToken: text({ max: 2048 }),
          TagFilters: structures(
            { Key: text({ min: 1, max: 128 }), Values: texts({ max: 256 }, { max: 20 }) },
            { max: 50 },
          ),
          ResourcesPerPage: integer({ min: 1, max: 100 }),
          ResourceTypeFilters: texts({ max: 256 }, { max: 100 }),
          ResourceARNList: texts({ min: 1, max: 1011 }, { min: 1, max: 100 }),
          IncludeComplianceDetails: flag(),
        },
        access: () => [{ action: "tag:GetResources", resource: "*" }],
        run(params, call) {
          const { TagFilters: tags = [], ResourceTypeFilters: types = [], ResourceARNList: arns } = params;
          const token = params.PaginationToken ?? "";
          const from = token === "" ? "" : after(token);
          const meant = taggedIn(account, call.region).filter(
            (one) =>
              one.arn > from &&
              tags.every((filter) => hasTag(one, filter)) &&
              (types.length === 0 || isOfType(one, types)) &&
              (arns === undefined || arns.includes(one.arn)),
          );
          const page = meant.slice(0, params.ResourcesPerPage ?? 50);
          const last = page.length < meant.length ? page.at(-1) : undefined;
          return {
            PaginationToken: last === undefined ? "" : Buffer.from(last.arn).toString("base64url"),
            ResourceTagMappingList: page.map((one) => ({
              ResourceARN: one.arn,
              Tags: one.tags.map(({ key, value }) => ({ Key: key, Value: value })),
            })),
          };
        },
      }),
    },
  };
}
