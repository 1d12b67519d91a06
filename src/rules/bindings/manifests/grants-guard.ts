import { sameTagKeyCel } from "../../../core/base/index.ts";
import { fitsCel } from "../decide/pattern.ts";
import { apiGroup, apiVersion, bindingNames, trustNames } from "../names.ts";
import { guard } from "./policy.ts";

const listOf = (owner: string, field: string): string => `${owner}.?${field}.orValue([])`;
const secondsOf = (owner: string): string => `${owner}.?maxSessionSeconds.orValue(3600)`;

const anyFits = (owner: string, field: string, value: string): string =>
  `${listOf(owner, field)}.exists(p, ${fitsCel("p", value)})`;

// As `accountOf` of decide.ts: named, else that of the ARN, else the only one.
const account =
  "(has(r.account) ? r.account : has(r.existing) ? r.existing.arn.split(':')[4] : " +
  "has(r.managed.adopt) ? r.managed.adopt.split(':')[4] : " +
  "size(params.spec.accounts) == 1 ? params.spec.accounts[0].id : '')";

/** One thing that a grant g has to allow of a role r: whether it does, and what it lacks as the end of a sentence. */
interface Requirement {
  readonly allowed: string;
  readonly lacks: string;
}

const ifManaged = ({ allowed, lacks }: Requirement): Requirement => ({
  allowed: `!has(r.managed) || ${allowed}`,
  lacks,
});

const policyFits = anyFits("g", "policies", "one");
const tagFits = `${listOf("g", "tags")}.all(f, !(${sameTagKeyCel("f.key", "t.key")}) || f.value == t.value)`;

// As `lacking` and `chainRefusals` of decide.ts.
const requirements: readonly Requirement[] = [
  {
    allowed: `has(r.chain) || ${account} in g.accounts`,
    lacks: `"is not for account " + ${account}`,
  },
  {
    allowed: `!has(r.existing) || ${anyFits("g", "existingRoles", "r.existing.arn")}`,
    lacks: `"does not name in existingRoles " + r.existing.arn`,
  },
  {
    allowed: `!has(r.chain) || ${anyFits("g", "chainedRoles", "r.chain.arn")}`,
    lacks: `"does not name in chainedRoles " + r.chain.arn`,
  },
  ...[
    {
      allowed: `${listOf("r.managed", "policies")}.all(one, ${policyFits})`,
      lacks: `"does not name in policies " + ${listOf("r.managed", "policies")}.filter(one, !${policyFits}).join(" ")`,
    },
    {
      allowed: `size(${listOf("r.managed", "inline")}) == 0 || g.?inline.orValue(false)`,
      lacks: `"has no inline: true"`,
    },
    {
      allowed: `${secondsOf("r.managed")} <= ${secondsOf("g")}`,
      lacks: `"has maxSessionSeconds " + string(${secondsOf("g")})`,
    },
    {
      allowed: `!has(r.managed.adopt) || ${anyFits("g", "adoptRoles", "r.managed.adopt")}`,
      lacks: `"does not name in adoptRoles " + r.managed.adopt`,
    },
    {
      allowed: `r.managed.?onDelete.orValue("Delete") != "Retain" || g.?retain.orValue(false)`,
      lacks: `"has no retain: true"`,
    },
    {
      allowed: `${listOf("r.managed", "tags")}.all(t, ${tagFits})`,
      lacks: `"sets otherwise in tags " + ${listOf("r.managed", "tags")}.filter(t, !${tagFits}).map(t, t.key).join(" ")`,
    },
  ].map(ifManaged),
];

const covered = requirements.map(({ allowed }) => `(${allowed})`).join(" && ");
const lacks = `[${requirements.map((one) => `(${one.allowed}) ? "" : ${one.lacks}`).join(", ")}].filter(s, s != "").join(", ")`;

const isFor = [
  `g.namespaces.exists(n, ${fitsCel("n", "request.namespace")})`,
  `(!has(g.serviceAccounts) || ${anyFits("g", "serviceAccounts", "object.metadata.name")})`,
].join(" && ");

const trust = '"no grant of AWSTrust " + params.metadata.name';
const whom = '" for ServiceAccount " + object.metadata.name + " of namespace " + request.namespace';
// The API server's bound on a message is 5 KiB.
const maxMessage = 4000;
const bounded = (text: string): string =>
  `size(${text}) > ${maxMessage} ? ${text}.substring(0, ${maxMessage}) + "…" : ${text}`;

/**
 * Says at once, to whoever writes a binding, what no grant allows: which grants there are for him, and what each lacks,
 * since he may not read trusts. `decide` decides it again before AWS is asked, and by that alone AWS is changed. So a guard
 * that cannot decide, as where the kind of its parameters is not known, lets pass: it would keep everybody from letting a
 * binding go, too.
 */
export function grantsGuard(): readonly object[] {
  return guard({
    name: "podtrust-grants",
    failurePolicy: "Ignore",
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
      grants: `${listOf("params.spec", "grants")}.filter(g, ${isFor})`,
      refused: `object.spec.roles.filter(r, !variables.grants.exists(g, ${covered}))`,
      lacks: `variables.refused.map(r, "profile " + r.profile + ": " + variables.grants.map(g, "grant " + g.name + " " + ${lacks}).join("; ")).join("; ")`,
      shown: bounded("variables.lacks"),
    },
    validations: [
      {
        expression: "size(variables.grants) > 0",
        message: "no grant is for this namespace and ServiceAccount",
        messageExpression: `${trust} + " is" + ${whom}`,
      },
      {
        expression: "size(variables.grants) == 0 || size(variables.refused) == 0",
        message: "no grant allows all of a role of this binding",
        messageExpression: `${trust} + ${whom} + " allows all of " + variables.shown`,
      },
    ],
  });
}
