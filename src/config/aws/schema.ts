import { z } from "zod";
import { mergeTags } from "../../core/base/index.ts";
import { roleArnForm } from "../../rules/oidc/index.ts";
import { duration, type Leaf, list, section, text } from "../forms/leaf.ts";
import { serviceAccounts } from "../forms/service-accounts.ts";

/** An inline policy: its file, or itself. */
export type InlineInput = { file: string } | { Statement: unknown; [key: string]: unknown };

export interface RoleInput {
  name: string;
  serviceAccounts?: string[] | undefined;
  subjectPatterns?: string[] | undefined;
  policies?: string[] | undefined;
  inline?: Record<string, InlineInput> | undefined;
  boundary?: string | undefined;
  path?: string | undefined;
  description?: string | undefined;
  maxSession?: string | undefined;
  sessionName?: string | undefined;
  tags?: Record<string, string> | undefined;
}

export interface AwsInput {
  account: string;
  region: string;
  stsRegionalEndpoints?: "regional" | "legacy" | undefined;
  audiences?: string[] | undefined;
  profile?: string | undefined;
  assumeRole?: string | undefined;
  tags?: Record<string, string> | undefined;
  roles?: RoleInput[] | undefined;
}

const hour = 3_600_000;

const subjectPattern = "[a-z0-9*?](?:[a-z0-9*?-]{0,62})/[a-z0-9*?](?:[a-z0-9.*?-]{0,252})";

const policyArn = (what: string): z.ZodString =>
  text(
    {
      what,
      accepted: "the ARN of a managed policy such as arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
      example: "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
    },
    /^arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy\/[!-~]{1,512}$/u,
  );

// IAM: keys of 1 to 128 and values of 0 to 256 characters of this set; aws: is AWS's own, podtrust: ours.
const tagCharacters = String.raw`[\p{L}\p{Z}\p{N}_.:/=+\-@]`;
const tags = (what: string) => {
  const accepted = "tags by name, at most 45, of letters, digits, spaces and _ . : / = + - @";
  return z
    .record(
      z.string().regex(new RegExp(`^(?!aws:|podtrust:)${tagCharacters}{1,128}$`, "iu"), {
        error:
          "a tag's name: 1 to 128 letters, digits, spaces and _ . : / = + - @, not beginning with aws: or podtrust:",
      }),
      text(
        { what: "The tag's value.", accepted: "text in quotes, at most 256 characters" },
        new RegExp(`^${tagCharacters}{0,256}$`, "u"),
      ),
      { error: accepted },
    )
    .refine((value) => Object.keys(value).length <= 45, { error: accepted })
    .refine((value) => Object.keys(mergeTags(value)).length === Object.keys(value).length, {
      error: "tags whose names differ in more than case: to IAM, Team and team are one tag of a role",
    })
    .meta({ description: `${what} Accepted: ${accepted}.`, examples: [{ team: "platform" }] });
};

const inline = z
  .record(
    z.string().regex(/^[\w+=,.@-]{1,128}$/u, {
      error: "a policy's name: 1 to 128 letters, digits and + = , . @ _ -",
    }),
    z.union(
      [
        section("A file with the policy as JSON.", {
          file: text({ what: "The file.", accepted: "a file name" }, /^[^\0\n]{1,4096}$/u),
        }),
        z
          .looseObject({ Statement: z.unknown() })
          .meta({ description: "The policy itself, with Version and Statement." }),
      ],
      { error: "a policy with Version and Statement, or {file: NAME}" },
    ),
    { error: "policies by name" },
  )
  .meta({
    description: "Inline policies by name: the policy itself, or {file: NAME}. Accepted: policies by name.",
  });

const roleName: Leaf = {
  what: "The role's name.",
  accepted: "1 to 64 letters, digits and + = , . @ _ -",
  example: "demo",
};

const role = section("One IAM role.", {
  name: text(roleName, /^[\w+=,.@-]{1,64}$/u),
  serviceAccounts: serviceAccounts("The ServiceAccounts that may assume it.", {
    accepted: "a list of NAMESPACE/NAME, each spelled out",
    next: " (those go into subjectPatterns)",
    max: 100,
  }).optional(),
  subjectPatterns: list(
    {
      what: "Patterns of ServiceAccounts that may assume it: everybody who can make a ServiceAccount of a fitting name gets the role. Prefer serviceAccounts.",
      accepted: "a list of NAMESPACE/NAME with * and ?",
      example: ["team-a/*"],
    },
    text(
      { what: "A pattern.", accepted: "NAMESPACE/NAME with * and ? such as team-a/*" },
      new RegExp(`^${subjectPattern}$`, "u"),
    ),
    { max: 20 },
  ).optional(),
  policies: list(
    { what: "Managed policies to attach.", accepted: "a list of policy ARNs, at most 20" },
    policyArn("A managed policy."),
    { max: 20 },
  ).optional(),
  inline: inline.optional(),
  boundary: policyArn("The permissions boundary.").optional(),
  path: text(
    {
      what: "The role's path. A role that exists keeps the one it has.",
      accepted: "/ or a path that begins and ends with /, such as /workloads/",
      standard: "/",
      example: "/workloads/",
    },
    /^\/(?:[!-.0-~]{1,128}\/){0,20}$/u,
  ).optional(),
  description: text(
    { what: "A sentence about it.", accepted: "at most 1000 characters" },
    // IAM's own pattern for descriptions.
    /^[\t\n\r\u0020-\u007E\u00A1-\u00FF]{0,1000}$/u,
  ).optional(),
  maxSession: duration(
    { what: "The longest session.", standard: "1h", example: "1h" },
    hour,
    12 * hour,
  ).optional(),
  sessionName: text(
    {
      what: "The session name that workloads get (AWS_ROLE_SESSION_NAME).",
      accepted: "2 to 64 letters, digits and + = , . @ _ -",
      standard: "the role's name",
      example: "k3s-cluster",
    },
    /^[\w+=,.@-]{2,64}$/u,
  ).optional(),
  tags: tags("Tags of the role.").optional(),
});

/** A profile of the AWS config files. */
export const awsProfile: z.ZodString = text(
  { what: "The profile of the AWS config files to use.", accepted: "a profile's name", example: "prod" },
  /^[^\0\n[\]]{1,128}$/u,
);

/** A role that is assumed first. */
export const assumedRole: z.ZodString = text(
  {
    what: "A role to assume before anything else.",
    accepted: "a role's ARN such as arn:aws:iam::111122223333:role/admin",
    example: "arn:aws:iam::111122223333:role/admin",
  },
  roleArnForm,
);

/** One AWS account that trusts the issuer. */
export const awsAccount: z.ZodType<AwsInput> = section("One AWS account that trusts the issuer.", {
  account: text(
    {
      what: "The account id, compared with the caller's before anything is planned.",
      accepted: "12 digits in quotes",
      example: "111122223333",
    },
    /^\d{12}$/u,
  ),
  region: text(
    {
      what: "The region of STS and of the workload.",
      accepted: "a region such as eu-central-1",
      example: "eu-central-1",
    },
    /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/u,
  ),
  stsRegionalEndpoints: z
    .enum(["regional", "legacy"], { error: "regional or legacy" })
    .meta({
      description:
        "AWS_STS_REGIONAL_ENDPOINTS of the workloads, for SDKs from before 2022, which else ask STS in us-east-1. Accepted: regional or legacy. Default: not set.",
      examples: ["regional"],
    })
    .optional(),
  audiences: list(
    {
      what: "The audiences that the OIDC provider accepts.",
      accepted: "a list of 1 to 100 audiences",
      standard: '["sts.amazonaws.com"]',
      example: ["sts.amazonaws.com"],
    },
    text({ what: "An audience.", accepted: "1 to 255 characters without white space" }, /^[!-~]{1,255}$/u),
    { min: 1, max: 100 },
  ).optional(),
  profile: awsProfile.optional(),
  assumeRole: assumedRole.optional(),
  tags: tags("Tags of the OIDC provider and of every role.").optional(),
  roles: list(
    { what: "The roles that ServiceAccounts of this cluster may assume.", accepted: "a list of roles" },
    role,
    { max: 1000 },
  ).optional(),
});
