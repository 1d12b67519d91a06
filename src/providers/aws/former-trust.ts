import { tagValue } from "../../core/base/index.ts";
import {
  type Condition,
  parsePolicy,
  PolicyError,
  policyText,
  type Principals,
  readPolicy,
  type Statement,
} from "../../rules/trust/index.ts";
import type { RoleState } from "./role.ts";
import { closedTrustPolicy, trustedProviders } from "./trust-policy.ts";

/**
 * The tag of a role that is being taken over, with the OIDC provider that it is about to trust: it carries our mark by
 * then, and still has its former trust, so that nothing else distinguishes it from another cluster's.
 */
export const adoptingTag = "podtrust:adopting";

/** Before 1970: a statement under it applies to no request (IAM User Guide, "AWS global condition context keys"). */
const never: Condition = { operator: "NumericLessThan", key: "aws:EpochTime", values: ["0"] };

/** The statement of a role that got its trust policy back and no longer lets this cluster in. */
const givenBackSid = "PodtrustGivenBack";

const isSameKey = (one: Condition): boolean =>
  one.operator === never.operator && one.key.toLowerCase() === never.key.toLowerCase();
const isNever = (one: Condition): boolean => isSameKey(one) && one.values.join() === never.values.join();

const isSuspended = ({ conditions }: Statement): boolean => conditions.some(isNever);
const suspended = (one: Statement): Statement =>
  isSuspended(one) ? one : { ...one, conditions: [...one.conditions, never] };
const resumed = (one: Statement): Statement => ({
  ...one,
  conditions: one.conditions.filter((condition) => !isNever(condition)),
});

// IAM writes the id of a deleted user or role in place of its ARN, and accepts no policy with one (IAM User Guide, "AWS
// JSON policy elements: Principal").
const goneId = /^A[A-Z0-9]{15,127}$/u;

/** A statement without principals that are gone; undefined where none is left. */
function living(one: Statement): Statement | undefined {
  const { AWS = [], ...others } = one.principals ?? {};
  const there = AWS.filter((principal) => !goneId.test(principal));
  const principals: Principals = there.length === 0 ? others : { ...others, AWS: there };
  return Object.keys(principals).length === 0 ? undefined : { ...one, principals };
}

/**
 * Whether the statements of a trust policy can be kept beside others: it can be read, none has the condition by which
 * they are kept, and none has another meaning in the language's present version.
 */
export function isKeepable(trustPolicy: string): boolean {
  const document = readPolicy(trustPolicy, "trust");
  if (document instanceof PolicyError) return false;
  const { version, statements } = document;
  if (version === "2008-10-17" && policyText(document).includes("${")) return false;
  return !statements.some(({ conditions }) => conditions.some((one) => isSameKey(one) && !isNever(one)));
}

/**
 * The statements of a role's trust policy before it was taken over. They are kept in its trust policy itself, under a
 * condition that never holds: so a principal that can write them could open the role anyway, which is not true of its
 * tags, or of a binding's status. Nothing for a role that was not taken over. `isTaken`: it is about to be.
 */
export function formerTrust(
  { trustPolicy, tags }: Pick<RoleState, "trustPolicy" | "tags">,
  isTaken = tagValue(tags, adoptingTag) !== undefined,
): readonly Statement[] {
  const read = readPolicy(trustPolicy, "trust");
  const statements = read instanceof PolicyError ? [] : read.statements;
  const isGivenBack = statements.some(({ sid }) => sid === givenBackSid);
  const kept = isGivenBack
    ? statements.filter(({ sid }) => sid !== givenBackSid)
    : statements.filter(isSuspended);
  const former = kept.length === 0 && !isGivenBack && isTaken ? statements : kept;
  return former.flatMap((one) => living(resumed(one)) ?? []);
}

const textOf = (...statements: readonly Statement[]): string =>
  policyText({ version: "2012-10-17", statements });

/** A trust policy, as JSON text, that keeps former statements beside its own. */
export function keepingTrust(own: string, former: readonly Statement[]): string {
  const { statements } = parsePolicy(own, "trust");
  const texts = new Set(statements.map((one) => textOf(one)));
  const others = former.filter((one) => !texts.has(textOf(one)));
  return others.length === 0 ? own : textOf(...statements, ...others.map(suspended));
}

/**
 * The trust policy, as JSON text, that a role had before it was taken over, and a statement that keeps out tokens of
 * these OIDC providers: the first, and those of the others that the former names. By that statement the role is found
 * as before. Without former statements it lets no one in.
 */
export function givenBackTrust(
  [providerArn = "", ...others]: readonly string[],
  former: readonly Statement[],
): string {
  const closed = closedTrustPolicy(providerArn);
  if (former.length === 0) return closed;
  const named = trustedProviders(textOf(...former));
  const Federated = [providerArn, ...others.filter((arn) => named.includes(arn))];
  const { statements } = parsePolicy(closed, "trust");
  const denials = statements.map((one) => ({ ...one, sid: givenBackSid, principals: { Federated } }));
  return textOf(...denials, ...former);
}
