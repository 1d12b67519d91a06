import { type IamArn, readArn } from "../../../rules/oidc/index.ts";
import { AwsError } from "../wire/error.ts";
import { validationError } from "./errors.ts";

/** An ARN that IAM reads. Its name is not validated here: IAM then finds nothing of that name. */
const form = /^arn:aws[a-z-]*:iam::(?:\d{12}|aws):[a-z-]+\/.+$/u;

/** The parts of an ARN of a kind; undefined for any other text. */
function partsOf(text: string, kind: string): IamArn | undefined {
  const arn = form.test(text) ? readArn(text) : undefined;
  return arn?.kind === kind ? arn : undefined;
}

/** The ARN of a managed policy; IAM has one error text for all others. */
export function policyArnParts(text: string): IamArn {
  const arn = partsOf(text, "policy");
  if (arn === undefined) throw validationError("Invalid ARN:  Could not be parsed!");
  return arn;
}

/** The ARN of an OIDC provider of this account. */
export function checkProviderArn(text: string, account: string): void {
  const arn = partsOf(text, "oidc-provider");
  if (arn === undefined) throw validationError(`Invalid ARN: ${text}`);
  if (arn.account !== account) {
    throw new AwsError("AccessDenied", `OpenIDConnect Provider ${text} is outside your own account.`, {
      status: 403,
      rule: "own-account",
      why: "a provider is managed with credentials of its own account only",
    });
  }
}
