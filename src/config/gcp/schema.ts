import { z } from "zod";
import { googleForms, relyingParties } from "../../rules/oidc/index.ts";
import { duration, type Leaf, list, section, text } from "../forms/leaf.ts";
import { serviceAccounts } from "../forms/service-accounts.ts";

export interface GcpServiceAccountInput {
  email: string;
  serviceAccounts: string[];
  lifetime?: string | undefined;
}

export interface GcpInput {
  project: string;
  projectNumber: string;
  pool?: string | undefined;
  provider?: string | undefined;
  keys?: "upload" | "fetch" | undefined;
  audiences?: string[] | undefined;
  mapping?: Record<string, string> | undefined;
  condition?: string | undefined;
  serviceAccounts?: GcpServiceAccountInput[] | undefined;
  direct?: { serviceAccounts: string[] }[] | undefined;
  bindings?: boolean | undefined;
}

const minute = 60_000;
const hour = 60 * minute;
const { maxAudiences, maxAudience } = relyingParties.gcp;

/** An id that a pool or a provider may get. */
export const federationId: RegExp = new RegExp(`^(?!gcp-)${googleForms.federationId}$`, "u");

const id = (what: string): z.ZodString => {
  const leaf: Leaf = {
    what,
    accepted: "4 to 32 lower-case letters, digits and hyphens, not beginning with gcp-",
    standard: "the stack's name, or podtrust- and that name where it has less than 4 characters",
    example: "prod",
  };
  return text(leaf, federationId);
};

// IAM API, WorkloadIdentityPoolProvider.attributeMapping: 50 of one's own, keys of 100 characters, expressions of 2048.
const maxMapped = 50;
const mapping = z
  .record(
    z.string().regex(/^(?:google\.groups|attribute\.[a-z0-9_]{1,90})$/u, {
      error:
        "google.groups, or attribute. and 1 to 90 lower-case letters, digits and _; google.subject is always the token's subject, which principals are made of",
    }),
    text(
      { what: "What it is mapped from, in CEL.", accepted: "an expression of 1 to 2048 characters" },
      /^[^\0]{1,2048}$/u,
    ),
    { error: `expressions by the name of what they map to, at most ${maxMapped}` },
  )
  .refine((value) => Object.keys(value).filter((name) => name !== "google.groups").length <= maxMapped, {
    error: `expressions by the name of what they map to, at most ${maxMapped}`,
  })
  .meta({
    description: `What of a token becomes an attribute, in CEL (attribute mapping): conditions and policies may name it. Accepted: expressions by google.groups or attribute.NAME, at most ${maxMapped}. google.subject is always the token's subject.`,
    examples: [{ "attribute.namespace": "assertion['kubernetes.io']['namespace']" }],
  });

const members = (what: string) =>
  serviceAccounts(what, { accepted: "a list of NAMESPACE/NAME, 1 to 100", min: 1, max: 100 });

const serviceAccount = section("One service account of Google.", {
  email: text(
    {
      what: "The service account's e-mail address.",
      accepted: "an address such as shop-web@my-project.iam.gserviceaccount.com",
      example: "shop-web@my-project.iam.gserviceaccount.com",
    },
    new RegExp(`^${googleForms.email}$`, "u"),
  ),
  serviceAccounts: members("The ServiceAccounts that may impersonate it."),
  // IAM Credentials API, generateAccessToken: an hour, and twelve where an organisation's policy allows it.
  lifetime: duration(
    {
      what: "How long an access token of it lives. More than an hour needs a policy of the organisation.",
      standard: "1h",
      example: "1h",
    },
    10 * minute,
    12 * hour,
  ).optional(),
});

/** One project of Google Cloud that trusts the issuer. */
export const gcpProject: z.ZodType<GcpInput> = section(
  "One project of Google Cloud that trusts the issuer.",
  {
    project: text(
      {
        what: "The project's id.",
        accepted: "6 to 30 lower-case letters, digits and hyphens, beginning with a letter",
        example: "my-project",
      },
      new RegExp(`^${googleForms.project}$`, "u"),
    ),
    projectNumber: text(
      {
        what: "The project's number: audiences and principals are made of it.",
        accepted:
          "digits in quotes, and not the project's id (gcloud projects describe ID shows it as projectNumber)",
        example: "123456789012",
      },
      /^[1-9]\d{2,19}$/u,
    ),
    pool: id("The id of the workload identity pool. Pools are one to a cluster.").optional(),
    provider: id("The id of the provider in the pool.").optional(),
    keys: z
      .enum(["upload", "fetch"], { error: "upload or fetch" })
      .meta({
        description:
          "How Google gets the issuer's keys. With upload it is given them, and the issuer need not be public; with fetch it reads the issuer. Accepted: upload or fetch. Default: upload.",
        examples: ["upload"],
      })
      .optional(),
    audiences: list(
      {
        what: "The audiences that the provider accepts.",
        accepted: `a list of 1 to ${maxAudiences} audiences`,
        standard: "the provider's own name, as URL",
        example: ["https://podtrust.example.com"],
      },
      text(
        { what: "An audience.", accepted: `1 to ${maxAudience} characters without white space` },
        new RegExp(`^[!-~]{1,${maxAudience}}$`, "u"),
      ),
      { min: 1, max: maxAudiences },
    ).optional(),
    mapping: mapping.optional(),
    condition: text(
      {
        what: "A condition on tokens, in CEL (attribute condition).",
        accepted: "an expression of 1 to 4096 characters",
        example: "assertion['kubernetes.io']['namespace'] in ['shop']",
      },
      // IAM API, WorkloadIdentityPoolProvider.attributeCondition.
      /^[^\0]{1,4096}$/u,
    ).optional(),
    serviceAccounts: list(
      {
        what: "The service accounts of Google that are impersonated.",
        accepted: "a list of service accounts",
      },
      serviceAccount,
      { max: 1000 },
    ).optional(),
    direct: list(
      {
        what: "ServiceAccounts that are principals of their own and impersonate no service account.",
        accepted: "a list of sections with serviceAccounts",
      },
      section("ServiceAccounts that policies name by their principals.", {
        serviceAccounts: members("The ServiceAccounts."),
      }),
      { max: 100 },
    ).optional(),
    bindings: z
      .boolean({ error: "true or false" })
      .meta({
        description:
          "Whether members of the pool are made by GCPServiceAccountBindings in the cluster, and left alone here. Such a pool has no serviceAccounts. Accepted: true or false. Default: false.",
        examples: [true],
      })
      .optional(),
  },
);
