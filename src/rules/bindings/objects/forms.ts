import { foldTagKey, foldTagKeyCel, type JsonRecord, sameTagKeyCel } from "../../../core/base/index.ts";
import { issuerProblems } from "../../oidc/index.ts";
import { defaultTrust } from "../names/index.ts";
import type { ListField, ObjectField, SchemaRule, TextField } from "../schema/field.ts";

/** The longest name of a binding, and so of a ServiceAccount that can have one: part of a tag of 256 characters. */
export const maxName = 63;

/** The number of an AWS account. */
export const accountId: TextField = {
  type: "string",
  pattern: "^[0-9]{12}$",
  maxLength: 12,
  description: "An AWS account, 12 digits in quotes.",
};

const maxArn = 512;
const policyName = "[A-Za-z0-9_/.@+=,-]+";

/** ARNs as IAM has them: names and paths of letters, digits and + = , . @ _ - / alone. */
const arn = (what: string, pattern: string): TextField => ({
  type: "string",
  pattern,
  maxLength: maxArn,
  description: what,
});

export const policyArn: TextField = arn(
  "The ARN of a managed policy.",
  `^arn:aws[a-z0-9-]*:iam::(aws|[0-9]{12}):policy/${policyName}$`,
);

export const roleArn: TextField = arn(
  "The ARN of a role.",
  `^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/${policyName}$`,
);

/** An ARN, or the beginning of some before a `*` at the end. */
export const policyPattern: TextField = arn(
  "The ARN of a managed policy; a * at its end stands for any rest.",
  `^arn:aws[a-z0-9-]*:iam::(aws|[0-9]{12}):policy/([A-Za-z0-9_/.@+=,-]*\\*|${policyName})$`,
);

export const rolePattern: TextField = arn(
  "The ARN of a role; a * at its end stands for any rest.",
  `^arn:aws[a-z0-9-]*:iam::[0-9]{12}:role/([A-Za-z0-9_/.@+=,-]*\\*|${policyName})$`,
);

/** A ServiceAccount, or the beginning of the names of some before a `*` at the end. */
export const serviceAccountPattern: TextField = {
  type: "string",
  pattern: "^([a-z0-9][a-z0-9.-]*\\*?|\\*)$",
  maxLength: 63,
  description: "A ServiceAccount's name; a * at its end stands for any rest.",
};

/**
 * What another account's role may require of its caller (IAM: ExternalId). No white space: it is written into files.
 * IAM takes 1,224 characters, injection 1,000 in the annotation of a chain.
 */
export const externalId: TextField = {
  type: "string",
  pattern: "^[A-Za-z0-9_+=,.@:/-]+$",
  minLength: 2,
  maxLength: 1000,
  description: "The external ID that the role's trust policy asks for.",
};

/** A namespace, or the beginning of some before a `*` at the end. */
export const namespacePattern: TextField = {
  type: "string",
  pattern: "^([a-z0-9][a-z0-9-]*\\*?|\\*)$",
  maxLength: 63,
  description: "A namespace; a * at its end stands for any rest.",
};

/** A label of DNS, as Kubernetes names things. */
export const label = (maxLength: number): TextField => ({
  type: "string",
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  maxLength: maxLength,
});

// IAM: keys of 1 to 128 and values of 0 to 256 characters of this set. Keys are ASCII here, since IAM does not document
// how it folds the case of other letters.
const tagKey = "^[A-Za-z0-9 _.:/=+@-]+$";
const tagCharacters = "[\\p{L}\\p{Z}\\p{N}_.:/=+@-]";
const reservedTags = ["aws:", "podtrust:", "kubernetes-"];

const isReserved = (key: unknown): boolean =>
  typeof key === "string" && reservedTags.some((prefix) => foldTagKey(key).startsWith(prefix));

const tag: ObjectField = {
  type: "object",
  required: ["key", "value"],
  properties: {
    key: { type: "string", pattern: tagKey, minLength: 1, maxLength: 128 },
    value: { type: "string", pattern: `^${tagCharacters}*$`, maxLength: 256 },
  },
  rules: [
    {
      cel: reservedTags.map((prefix) => `!${foldTagKeyCel("self.key")}.startsWith('${prefix}')`).join(" && "),
      message: "tags that begin with aws:, podtrust: or kubernetes- are not for people to set",
      holds: ({ key }: JsonRecord) => !isReserved(key),
    },
  ],
};

const distinctKeys = {
  cel: `self.all(a, self.exists_one(b, ${sameTagKeyCel("a.key", "b.key")}))`,
  message: "two tags have keys that differ in case alone: to IAM they are one",
  holds: (tags: readonly JsonRecord[]) =>
    new Set(tags.map(({ key }) => foldTagKey(String(key)))).size === tags.length,
};

/** Tags of AWS as a list, so that each has its limits. */
export function tagsField(description: string, maxItems: number): ListField {
  return { type: "array", items: tag, maxItems, unique: "key", description, rules: [distinctKeys] };
}

/** How long a session may be, in seconds, as IAM bounds it. */
export const sessionSeconds = {
  type: "integer",
  minimum: 3600,
  maximum: 43_200,
  absent: 3600,
} as const;

/** Patterns of a grant, each at most once. */
export const patterns = (items: TextField, description: string): ListField => ({
  type: "array",
  items,
  maxItems: 64,
  unique: true,
  description,
});

/** The trust of a binding, by its name. */
export const trustField = (kind: string): TextField => ({
  ...label(maxName),
  default: defaultTrust,
  fixed: "trust cannot be changed: delete the binding and make another",
  description: `The ${kind} whose grants are asked.`,
});

/** The form of an issuer. */
export const issuerRule: SchemaRule = {
  cel: "isURL(self.issuer) && url(self.issuer).getScheme() == 'https' && url(self.issuer).getQuery() == {} && url(self.issuer).getPort() == '' && !self.issuer.contains('#') && !self.issuer.contains('@')",
  message: "issuer has to be an https URL without port, query, fragment and user",
  holds: ({ issuer }: JsonRecord) => issuerProblems(String(issuer)).length === 0,
};
