import { apiGroup } from "../names/index.ts";
import type { PartyManifests } from "./party.ts";
import { guard } from "./policy.ts";

/** The operator's ServiceAccount in the cluster, and the audiences of its tokens. */
export interface OperatorIdentity {
  readonly namespace: string;
  /** Of its ServiceAccount. */
  readonly name: string;
  readonly audiences: readonly string[];
}

/** Seconds: the least that TokenRequest gives. */
export const proofTokenSeconds = 600;

const emptyMap = "{}";
const same = (path: string, empty: string): string =>
  `object.${path}.orValue(${empty}) == oldObject.${path}.orValue(${empty})`;

function isOperator({ namespace, name }: OperatorIdentity): Readonly<Record<string, string>> {
  return { "the-operator": `request.userInfo.username == "system:serviceaccount:${namespace}:${name}"` };
}

/**
 * To prove that a ServiceAccount gets its role, the operator asks for a token of it. The right to do so would let it
 * act as any ServiceAccount; so limited, a token is of no use at the API server, and lasts ten minutes.
 */
function tokensGuard(identity: OperatorIdentity, rows: readonly PartyManifests[]): readonly object[] {
  const { namespace, name, audiences } = identity;
  const asked = "object.spec.audiences[0]";
  const more = rows.flatMap(({ audience }) => audience ?? []);
  const named = `${asked} in [${audiences.map((one) => JSON.stringify(one)).join(", ")}]`;
  const accepted =
    more.length === 0 ? named : `(${[named, ...more.map(({ cel }) => cel(asked))].join(" || ")})`;
  return guard({
    name: "podtrust-operator-tokens",
    rules: [
      { apiGroups: [""], apiVersions: ["*"], operations: ["CREATE"], resources: ["serviceaccounts/token"] },
    ],
    conditions: {
      ...isOperator(identity),
      "of-another": `!(request.namespace == "${namespace}" && request.name == "${name}")`,
    },
    validations: [
      {
        expression: `size(object.spec.audiences) == 1 && ${accepted}`,
        message: `podtrust asks for tokens of others for ${[...audiences, ...more.map(({ said }) => said)].join(" or ")} only`,
      },
      {
        expression: `object.spec.?expirationSeconds.orValue(3600) <= ${proofTokenSeconds}`,
        message: `podtrust asks for tokens of others for ${proofTokenSeconds} seconds only`,
      },
    ],
  });
}

/** The operator changes only the annotations of a ServiceAccount that name what it becomes. */
function serviceAccountsGuard(
  identity: OperatorIdentity,
  rows: readonly PartyManifests[],
): readonly object[] {
  const own = (key: string): string => rows.map(({ annotates }) => annotates(key)).join(" || ");
  const bound = rows.map((row) => row.bound).join(" or ");
  return guard({
    name: "podtrust-operator-serviceaccounts",
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE"],
        resources: ["serviceaccounts"],
      },
    ],
    conditions: isOperator(identity),
    variables: {
      before: "oldObject == null ? {} : oldObject.metadata.?annotations.orValue({})",
      now: "object.metadata.?annotations.orValue({})",
    },
    validations: [
      { expression: 'request.operation == "UPDATE"', message: "podtrust makes no ServiceAccounts" },
      {
        expression: `oldObject == null || (${[
          `variables.now.all(k, ${own("k")} || (k in variables.before && variables.before[k] == variables.now[k]))`,
          `variables.before.all(k, ${own("k")} || k in variables.now)`,
          same("metadata.?labels", emptyMap),
          same("metadata.?ownerReferences", "[]"),
          same("metadata.?finalizers", "[]"),
          same("?secrets", "[]"),
          same("?imagePullSecrets", "[]"),
          same("?automountServiceAccountToken", "true"),
        ].join(" && ")})`,
        message: `podtrust changes the annotations that name ${bound} of a ServiceAccount and nothing else of it`,
      },
    ],
  });
}

/** Only people write the spec of bindings and trusts: the operator writes their status and finalizers. */
function objectsGuard(identity: OperatorIdentity, rows: readonly PartyManifests[]): readonly object[] {
  return guard({
    name: "podtrust-operator-objects",
    rules: [
      {
        apiGroups: [apiGroup],
        apiVersions: ["*"],
        operations: ["CREATE", "UPDATE"],
        resources: rows.flatMap(({ names: { binding, trust } }) => [binding.plural, trust.plural]),
      },
    ],
    conditions: isOperator(identity),
    validations: [
      {
        expression: `request.operation == "UPDATE" && object.spec == oldObject.spec && ${same("metadata.?labels", emptyMap)} && ${same("metadata.?annotations", emptyMap)}`,
        message: "podtrust changes neither what a binding or a trust says nor its labels and annotations",
      },
    ],
  });
}

/** What limits the operator's rights to what it needs them for. */
export function operatorGuards(
  identity: OperatorIdentity,
  rows: readonly PartyManifests[],
): readonly object[] {
  return [
    ...tokensGuard(identity, rows),
    ...serviceAccountsGuard(identity, rows),
    ...objectsGuard(identity, rows),
  ];
}
