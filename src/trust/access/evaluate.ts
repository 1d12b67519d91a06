import type { NamedPolicy } from "../policy/document.ts";
import type { AccessRequest, Evaluation, Layer, StatementTrace } from "./request.ts";
import { matchStatement } from "./statement.ts";

function traceOf(policy: NamedPolicy, request: AccessRequest): readonly StatementTrace[] {
  return policy.document.statements.map((statement, index) => ({
    policy: policy.name,
    statement: index + 1,
    ...(statement.sid === undefined ? {} : { sid: statement.sid }),
    effect: statement.effect,
    ...matchStatement(statement, policy.document.version, request),
  }));
}

function by(trace: StatementTrace): NonNullable<Evaluation["by"]> {
  const { policy, statement, sid } = trace;
  return { policy, statement, ...(sid === undefined ? {} : { sid }) };
}

/** Policies of one kind together: a Deny that speaks wins, else an Allow that speaks, else nothing is allowed. */
export function evaluate(policies: readonly NamedPolicy[], request: AccessRequest): Evaluation {
  const trace = policies.flatMap((policy) => traceOf(policy, request));
  const speaking = trace.filter((one) => one.matched);
  const deny = speaking.find((one) => one.effect === "Deny");
  if (deny !== undefined) return { effect: "explicit-deny", by: by(deny), trace };
  const allow = speaking[0];
  return allow === undefined ? { effect: "implicit-deny", trace } : { effect: "allow", by: by(allow), trace };
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
 * What a principal may do: allowed only where identity policies, boundary and session policies all allow, and no
 * Deny of any of them speaks (IAM User Guide, "Policy evaluation logic"; one account, no resource policies).
 */
export function authorize(layers: PolicyLayers, request: AccessRequest): Evaluation {
  const asked: [Layer, readonly NamedPolicy[]][] = [["identity", layers.identity]];
  if (layers.boundary !== undefined) asked.push(["boundary", [layers.boundary]]);
  if (layers.session !== undefined && layers.session.length > 0) asked.push(["session", layers.session]);
  const answers = asked.map(([layer, policies]) => ({ layer, ...evaluate(policies, request) }));
  const trace = answers.flatMap((answer) => answer.trace);
  const stopped =
    answers.find((answer) => answer.effect === "explicit-deny") ??
    answers.find((answer) => answer.effect === "implicit-deny");
  if (stopped !== undefined) return { ...stopped, trace };
  // All allow, and so a statement of the identity's policies does.
  const { by: granted } = answers[0] as { by: NonNullable<Evaluation["by"]> };
  return { effect: "allow", by: granted, trace };
}
