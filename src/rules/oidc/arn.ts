/** What the ARN of a role, a policy or an OIDC provider says; a part that it lacks is empty. */
export interface IamArn {
  readonly partition: string;
  /** Twelve digits, or `aws` for AWS's own policies. */
  readonly account: string;
  /** With its slashes: `/`, `/shop/`. */
  readonly path: string;
  readonly name: string;
}

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
    path: start === -1 ? "" : resource.slice(start, end),
    name: resource.slice(end),
  };
}
