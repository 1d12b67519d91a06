import { PolicyError, policySize, readPolicy } from "../../../rules/trust/index.ts";
import { managedPolicyText } from "../iam/policy-store.ts";
import type { Account } from "../state/account.ts";
import type { Session } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";

/** The limits of a session. */
export interface SessionLimits {
  readonly policies: Session["policies"];
  /** Percent; undefined without policies, as in AssumeRole's answer. */
  readonly packedSize: number | undefined;
}

// AWS does not say how it packs policies: their characters are counted, as for a web identity.
const allottedCharacters = 3000;

function checkedPolicy(text: string): void {
  const read = readPolicy(text, "session", "aws");
  if (!(read instanceof PolicyError)) return;
  throw new AwsError(read.awsCode, read.awsMessage, {
    rule: "session-policy",
    why: read.message,
    next: "Correct the session policy.",
    cause: read,
  });
}

function managedText(account: Account, arn: string): string {
  const text = managedPolicyText(account, arn);
  if (text !== undefined) return text;
  throw new AwsError("ValidationError", `Policy ${arn} does not exist or is not attachable.`, {
    rule: "session-policy-arns",
    why: `there is no managed policy ${arn}`,
    next: "Name a managed policy of AWS or of the account.",
  });
}

/** The session policies of AssumeRole, checked and sized. */
export function sessionLimits(
  account: Account,
  policy: string | undefined,
  arns: readonly string[],
): SessionLimits {
  if (policy !== undefined) checkedPolicy(policy);
  const inline = policy === undefined ? [] : [{ name: "session policy", document: policy }];
  const policies = [...inline, ...arns.map((arn) => ({ name: arn, document: managedText(account, arn) }))];
  if (policies.length === 0) return { policies, packedSize: undefined };
  const characters = policySize(policy ?? "") + arns.reduce((sum, arn) => sum + arn.length, 0);
  const packedSize = Math.ceil((100 * characters) / allottedCharacters);
  if (packedSize <= 100) return { policies, packedSize };
  const text = `Packed policy consumes ${packedSize}% of allotted space, please use smaller policy.`;
  throw new AwsError("PackedPolicyTooLarge", text, { rule: "packed-policy-size" });
}
