/** What the ARN of a role, a policy or an OIDC provider says; a part that it lacks is empty. */
export interface IamArn {
  readonly partition: string;
  /** Twelve digits, or `aws` for AWS's own policies. */
  readonly account: string;
  /** `role`, `policy`, `oidc-provider`. */
  readonly kind: string;
  /** With its slashes: `/`, `/shop/`. */
  readonly path: string;
  readonly name: string;
}

/**
 * A role's ARN as a person writes it in a config, for a command or in the chart, and as a ServiceAccount has it. Of a path it
 * takes the characters that a name has, not all that IAM takes: it stands in annotations, manifests and files of others. The
 * length is that of IAM's longest path and name.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const roleArnForm = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9_+=,.@/-]{1,576}$/u;

/** ARN of AWS's managed policy that denies everything (AWS Managed Policy Reference, "AWSDenyAll"), in a partition. */
export const denyAllArn = (partition: string): string => `arn:${partition}:iam::aws:policy/AWSDenyAll`;

/**
 * Takes apart `arn:PARTITION:iam::ACCOUNT:KIND/PATH/NAME` (IAM User Guide, "IAM identifiers"). It judges nothing: whether a
 * text is an ARN is for a schema, or for STS.
 */
export function readArn(arn: string): IamArn {
  const [, partition = "", , , account = "", ...rest] = arn.split(":");
  const resource = rest.join(":");
  const end = resource.lastIndexOf("/") + 1;
  const start = resource.indexOf("/");
  return {
    partition,
    account,
    kind: start === -1 ? resource : resource.slice(0, start),
    path: start === -1 ? "" : resource.slice(start, end),
    name: resource.slice(end),
  };
}
