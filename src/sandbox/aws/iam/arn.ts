import { AwsError } from "../wire/index.ts";
import { validationError } from "./errors.ts";

/** `arn:aws:iam::111122223333:policy/a/b` in its parts. */
export interface IamArnParts {
  /** Twelve digits, or `aws`. */
  readonly account: string;
  /** `policy`, `role`, `oidc-provider`. */
  readonly kind: string;
  /** All after the first slash. */
  readonly rest: string;
}

function parse(text: string): IamArnParts | undefined {
  const match = /^arn:aws[a-z-]*:iam::(\d{12}|aws):([a-z-]+)\/(.+)$/u.exec(text);
  return match === null ? undefined : { account: match[1] ?? "", kind: match[2] ?? "", rest: match[3] ?? "" };
}

/** The ARN of a managed policy; IAM has one text for all that is none. */
export function policyArnParts(text: string): IamArnParts {
  const arn = parse(text);
  if (arn === undefined || arn.kind !== "policy") throw validationError("Invalid ARN:  Could not be parsed!");
  return arn;
}

/** The ARN of an OIDC provider of this account. */
export function checkProviderArn(text: string, account: string): void {
  const arn = parse(text);
  if (arn === undefined || arn.kind !== "oidc-provider") throw validationError(`Invalid ARN: ${text}`);
  if (arn.account !== account) {
    throw new AwsError("AccessDenied", `OpenIDConnect Provider ${text} is outside your own account.`, {
      status: 403,
      rule: "own-account",
      why: "a provider is managed with credentials of its own account only",
    });
  }
}
