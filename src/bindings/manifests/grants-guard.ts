import { fitsCel } from "../decide/pattern.ts";
import { apiGroup, apiVersion, bindingNames, trustNames } from "../names.ts";
import { guard } from "./policy.ts";

const listOf = (owner: string, field: string): string => `${owner}.?${field}.orValue([])`;

const anyFits = (owner: string, field: string, value: string): string =>
  `${listOf(owner, field)}.exists(p, ${fitsCel("p", value)})`;

// As `accountOf` of decide.ts: named, else that of the ARN, else the only one.
const account =
  "(has(r.account) ? r.account : has(r.existing) ? r.existing.arn.split(':')[4] : " +
  "has(r.managed.adopt) ? r.managed.adopt.split(':')[4] : " +
  "size(params.spec.accounts) == 1 ? params.spec.accounts[0].id : '')";

// As `lacking` of decide.ts, of a grant g and a role r.
const covered = [
  `${account} in g.accounts`,
  `(!has(r.existing) || ${anyFits("g", "existingRoles", "r.existing.arn")})`,
  `(!has(r.managed) || (${[
    `${listOf("r.managed", "policies")}.all(one, ${anyFits("g", "policies", "one")})`,
    `(size(${listOf("r.managed", "inline")}) == 0 || g.inline)`,
    "r.managed.maxSessionSeconds <= g.maxSessionSeconds",
    `(!has(r.managed.adopt) || ${anyFits("g", "adoptRoles", "r.managed.adopt")})`,
    `${listOf("r.managed", "tags")}.all(t, ${listOf("g", "tags")}.all(f, f.key != t.key || f.value == t.value))`,
  ].join(" && ")}))`,
].join(" && ");

const trust = '"AWSTrust " + params.metadata.name';
const where = '" namespace " + request.namespace';

/** Says at once, to whoever writes a binding, what no grant allows. `decide` decides it again before AWS is asked. */
export function grantsGuard(): readonly object[] {
  return guard({
    name: "podtrust-grants",
    paramKind: { apiVersion, kind: trustNames.kind },
    rules: [
      {
        apiGroups: [apiGroup],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE"],
        resources: [bindingNames.plural],
      },
    ],
    conditions: {
      "this-trust": "object.spec.trust == params.metadata.name",
      // Who takes a finalizer away from a binding whose grant is gone must not be kept from it.
      "spec-changed": 'request.operation == "CREATE" || object.spec != oldObject.spec',
    },
    variables: {
      grants: `${listOf("params.spec", "grants")}.filter(g, g.namespaces.exists(n, ${fitsCel("n", "request.namespace")}))`,
      refused: `object.spec.roles.filter(r, !variables.grants.exists(g, ${covered})).map(r, r.profile)`,
    },
    validations: [
      {
        expression: "size(variables.grants) > 0",
        messageExpression: `"no grant of " + ${trust} + " is for" + ${where}`,
      },
      {
        expression: "size(variables.grants) == 0 || size(variables.refused) == 0",
        messageExpression: `"no grant of " + ${trust} + " for" + ${where} + " allows all of: profile " + variables.refused.join(", ") + " (account, policies, inline, session length, tags, existing or adopted role; see kubectl get awstrust " + params.metadata.name + " -o yaml)"`,
      },
    ],
  });
}
