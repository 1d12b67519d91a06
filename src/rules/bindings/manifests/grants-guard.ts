import { anyFits, listOf } from "../grants/cel.ts";
import { fitsCel } from "../grants/pattern.ts";
import { apiGroup, apiVersion, type PartyNames } from "../names/index.ts";
import type { PartyManifests } from "./party.ts";
import { guard } from "./policy.ts";

const isFor = [
  `g.namespaces.exists(n, ${fitsCel("n", "request.namespace")})`,
  `(!has(g.serviceAccounts) || ${anyFits("g", "serviceAccounts", "object.metadata.name")})`,
].join(" && ");

const subject = '" for ServiceAccount " + object.metadata.name + " of namespace " + request.namespace';
// The API server's bound on a message is 5 KiB.
const maxMessage = 4000;
const bounded = (text: string): string =>
  `size(${text}) > ${maxMessage} ? ${text}.substring(0, ${maxMessage}) + "…" : ${text}`;

/** The policy that refuses bindings which no grant allows, as its refusals name it. */
export function grantsGuardName({ suffix }: Pick<PartyNames, "suffix">): string {
  return `podtrust-grants${suffix}`;
}

/**
 * Refuses a binding at once for what no grant allows, and says which grants are for its author and what each lacks,
 * since authors may not read trusts. `decide` decides it again before AWS is asked, and only that changes AWS. So a
 * guard that cannot decide, as where the kind of its parameters is not known, lets a request pass: it would also keep
 * anyone from deleting a binding.
 */
export function grantsGuard({ names, question }: PartyManifests): readonly object[] {
  const { binding, trust } = names;
  const { asked, named, what, refusals } = question;
  const requirements = refusals.map(({ admission }) => admission);
  const covered = requirements.map(({ allowed }) => `(${allowed})`).join(" && ");
  const lacks = `[${requirements.map((one) => `(${one.allowed}) ? "" : ${one.lacks}`).join(", ")}].filter(s, s != "").join(", ")`;
  const none = `"no grant of ${trust.kind} " + params.metadata.name`;
  return guard({
    name: grantsGuardName(names),
    failurePolicy: "Ignore",
    paramKind: { apiVersion, kind: trust.kind },
    rules: [
      {
        apiGroups: [apiGroup],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE"],
        resources: [binding.plural],
      },
    ],
    conditions: {
      "this-trust": "object.spec.trust == params.metadata.name",
      // Removing the finalizer of a binding whose grant is gone must not be blocked.
      "spec-changed": 'request.operation == "CREATE" || object.spec != oldObject.spec',
    },
    variables: {
      grants: `${listOf("params.spec", "grants")}.filter(g, ${isFor})`,
      refused: `${asked}.filter(r, !variables.grants.exists(g, ${covered}))`,
      lacks: `variables.refused.map(r, ${named}variables.grants.map(g, "grant " + g.name + " " + ${lacks}).join("; ")).join("; ")`,
      shown: bounded("variables.lacks"),
    },
    validations: [
      {
        expression: "size(variables.grants) > 0",
        message: "no grant is for this namespace and ServiceAccount",
        messageExpression: `${none} + " is" + ${subject}`,
      },
      {
        expression: "size(variables.grants) == 0 || size(variables.refused) == 0",
        message: `no grant allows all of ${what}`,
        messageExpression: `${none} + ${subject} + " allows all of " + variables.shown`,
      },
    ],
  });
}
