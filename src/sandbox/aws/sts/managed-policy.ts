import { parsePolicy, type PolicyDocument } from "../../../rules/trust/index.ts";
import { managedPolicyText } from "../iam/index.ts";
import type { Account } from "../state/index.ts";

/** The managed policies that may limit a session of the account, by ARN. */
export function sessionManagedPolicy(account: Account): (arn: string) => PolicyDocument | undefined {
  return (arn) => {
    const text = managedPolicyText(account, arn);
    return text === undefined ? undefined : parsePolicy(text, "session");
  };
}
