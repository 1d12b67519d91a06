import { defined } from "../../../core/base/index.ts";
import type { NamedPolicy } from "../language/document.ts";
import type { AccessRequest, Evaluation, Layer, StatementTrace } from "../language/request.ts";
import { matchStatement } from "./statement.ts";

function traceOf(policy: NamedPolicy, request: AccessRequest): readonly StatementTrace[] {
  return policy.document.statements.map((statement, index) => ({
    policy: policy.name,
    statement: index + 1,
    ...defined({ sid: statement.sid }),
    effect: statement.effect,
    ...matchStatement(statement, policy.document.version, request),
  }));
}

function by(trace: StatementTrace): NonNullable<Evaluation["by"]> {
  const { policy, statement, sid } = trace;
  return { policy, statement, ...defined({ sid }) };
}

/**
 * Policies of one kind together: a Deny that matches wins, else an Allow that matches, else nothing is allowed. Where
 * the answer depends on a key of `unknownKeys` it is `undecided`, by the statement on which it depends.
 */
export function evaluate(policies: readonly NamedPolicy[], request: AccessRequest): Evaluation {
  const trace = policies.flatMap((policy) => traceOf(policy, request));
  const first = (effect: StatementTrace["effect"], matched: true | undefined): StatementTrace | undefined =>
    trace.find((one) => one.effect === effect && one.matched === matched);
  const deny = first("Deny", true);
  if (deny !== undefined) return { effect: "explicit-deny", by: by(deny), trace };
  const allow = first("Allow", true);
  const allowing = allow ?? first("Allow", undefined);
  if (allowing === undefined) return { effect: "implicit-deny", trace };
  const open = first("Deny", undefined) ?? (allow === undefined ? allowing : undefined);
  if (open !== undefined) return { effect: "undecided", by: by(open), trace };
  return { effect: "allow", by: by(allowing), trace };
}

export interface PolicyLayers {
  /** Of the role or user, inline and attached: together they grant. */
  readonly identity: readonly NamedPolicy[];
  /** The permissions boundary: grants nothing, limits. */
  readonly boundary?: NamedPolicy | undefined;
  /** The policies of the session: together they limit. None: no limit. */
  readonly session?: readonly NamedPolicy[] | undefined;
}

/**
 * What a principal may do: allowed only where identity policies, boundary and session policies all allow, and no Deny
 * of any of them matches (IAM User Guide, "Policy evaluation logic"; one account, no resource policies).
 */
export function authorize(layers: PolicyLayers, request: AccessRequest): Evaluation {
  const asked: [Layer, readonly NamedPolicy[]][] = [["identity", layers.identity]];
  if (layers.boundary !== undefined) asked.push(["boundary", [layers.boundary]]);
  if (layers.session !== undefined && layers.session.length > 0) asked.push(["session", layers.session]);
  const answers = asked.map(([layer, policies]) => ({ layer, ...evaluate(policies, request) }));
  const trace = answers.flatMap((answer) => answer.trace);
  const stopped =
    answers.find((answer) => answer.effect === "explicit-deny") ??
    answers.find((answer) => answer.effect === "implicit-deny") ??
    answers.find((answer) => answer.effect === "undecided");
  if (stopped !== undefined) return { ...stopped, trace };
  // All allow, and so a statement of the identity's policies does.
  const { by: granted } = answers[0] as { by: NonNullable<Evaluation["by"]> };
  return { effect: "allow", by: granted, trace };
}
