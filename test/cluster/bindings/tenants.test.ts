/** What a namespace's user and the operator's own ServiceAccount may do on a real API server, and what not. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bindingOf, goodBinding, trustOf, trustSpec, webRole } from "../../support/bindings/objects.ts";
import { type ControlPlane, leftOut } from "../harness/index.ts";
import { create, makeTrust, startBindingsPlane } from "./plane.ts";

const skip = leftOut();
const operator = "system:serviceaccount:podtrust:podtrust-operator";

/** What somebody tries, and the words of the refusal; without words it has to go well. */
interface Try {
  readonly name: string;
  readonly as: string;
  readonly args: readonly string[];
  readonly input?: object;
  readonly refused?: RegExp;
}

const rbac =
  /is forbidden: User|Error from server \(Forbidden\)|cannot (?:get|list|create|patch|update|delete)/u;
const json = (value: object): string => JSON.stringify(value);
const patchOf = (
  kind: string,
  name: string,
  value: object,
  ...more: readonly string[]
): readonly string[] => ["patch", ...more, kind, name, "--type=merge", "-p", json(value)];

const tokenOf = (account: string, ...more: readonly string[]): readonly string[] => [
  "create",
  "token",
  "-n",
  "shop",
  account,
  ...more,
];

const tenants: readonly Try[] = [
  {
    name: "a namespace's editor makes a binding there",
    as: "alice",
    args: ["create", "-f", "-"],
    input: bindingOf({ roles: [webRole] }, { name: "made-by-alice" }),
  },
  {
    name: "a namespace's editor makes no binding in another namespace",
    as: "alice",
    args: ["create", "-f", "-"],
    input: bindingOf({ roles: [webRole] }, { namespace: "team-a" }),
    refused: rbac,
  },
  {
    name: "a namespace's editor reads no binding of another namespace",
    as: "alice",
    args: ["get", "arb", "-n", "team-a"],
    refused: rbac,
  },
  {
    name: "a namespace's editor makes no trust",
    as: "alice",
    args: ["create", "-f", "-"],
    input: trustOf(trustSpec, "mine"),
    refused: rbac,
  },
  {
    name: "a namespace's editor gives itself no grant",
    as: "alice",
    args: patchOf("awstrust", "default", { spec: { grants: [] } }),
    refused: rbac,
  },
  {
    name: "a namespace's editor does not write that a binding is ready",
    as: "alice",
    args: patchOf("arb", "web", { status: { roles: [] } }, "-n", "shop", "--subresource=status"),
    refused: rbac,
  },
  {
    name: "a namespace's editor changes a binding to what is not granted in vain",
    as: "alice",
    args: patchOf("arb", "web", { spec: { roles: [{ ...webRole, account: "444455556666" }] } }, "-n", "shop"),
    refused: /podtrust-grants.*no grant of AWSTrust default for namespace shop/su,
  },
  {
    name: "a namespace's viewer reads bindings",
    as: "bob",
    args: ["get", "arb", "-n", "shop"],
  },
  {
    name: "a namespace's viewer makes no binding",
    as: "bob",
    args: ["create", "-f", "-"],
    input: bindingOf({ roles: [webRole] }, { name: "made-by-bob" }),
    refused: rbac,
  },
  {
    name: "a namespace's viewer deletes no binding",
    as: "bob",
    args: ["delete", "arb", "-n", "shop", "web"],
    refused: rbac,
  },
  {
    name: "a user without a role in the namespace reads nothing there",
    as: "mallory",
    args: ["get", "arb", "-n", "shop"],
    refused: rbac,
  },
];

const own: readonly Try[] = [
  {
    name: "the operator gets a token of a ServiceAccount for AWS, of ten minutes",
    as: operator,
    args: tokenOf("web", "--audience=sts.amazonaws.com", "--duration=600s"),
  },
  {
    name: "the operator gets no token of a ServiceAccount for the API server",
    as: operator,
    args: tokenOf("web", "--duration=600s"),
    refused: /podtrust asks for tokens of others for sts\.amazonaws\.com only/u,
  },
  {
    name: "the operator gets no token of a ServiceAccount for two audiences",
    as: operator,
    args: tokenOf(
      "web",
      "--audience=sts.amazonaws.com",
      "--audience=https://oidc.example.test",
      "--duration=600s",
    ),
    refused: /for sts\.amazonaws\.com only/u,
  },
  {
    name: "the operator gets no token of a ServiceAccount for longer",
    as: operator,
    args: tokenOf("web", "--audience=sts.amazonaws.com", "--duration=3600s"),
    refused: /for 600 seconds only/u,
  },
  {
    name: "the operator makes no ServiceAccount, not by server-side apply either",
    as: operator,
    args: ["apply", "--server-side", "--field-manager=podtrust-bindings", "-f", "-"],
    input: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "gone", namespace: "shop" } },
    refused: rbac,
  },
  {
    name: "the operator writes the annotations of AWS's contract",
    as: operator,
    args: patchOf(
      "sa",
      "web",
      { metadata: { annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/x" } } },
      "-n",
      "shop",
    ),
  },
  ...[
    [{ metadata: { annotations: { theirs: "other" } } }, "another's annotation"],
    [{ metadata: { annotations: { theirs: null } } }, "another's annotation away"],
    [{ metadata: { annotations: { "podtrust.dev/fs-group": "0" } } }, "how pods get their token"],
    [{ metadata: { labels: { x: "y" } } }, "a label"],
    [{ secrets: [{ name: "x" }] }, "a secret"],
    [{ imagePullSecrets: [{ name: "x" }] }, "an image pull secret"],
    [{ automountServiceAccountToken: false }, "whether tokens are mounted"],
    [{ metadata: { finalizers: ["podtrust.dev/x"] } }, "a finalizer"],
  ].map(([value, what]): Try => ({
    name: `the operator does not change ${what as string} of a ServiceAccount`,
    as: operator,
    args: patchOf("sa", "web", value as object, "-n", "shop"),
    refused: /annotations that name the roles of a ServiceAccount and nothing else/u,
  })),
  {
    name: "the operator keeps a binding by a finalizer",
    as: operator,
    args: patchOf("arb", "web", { metadata: { finalizers: ["podtrust.dev/aws"] } }, "-n", "shop"),
  },
  {
    name: "the operator lets a binding go",
    as: operator,
    args: patchOf("arb", "web", { metadata: { finalizers: [] } }, "-n", "shop"),
  },
  {
    name: "the operator does not change what a binding says",
    as: operator,
    args: patchOf(
      "arb",
      "web",
      {
        spec: { roles: [{ ...webRole, managed: { policies: ["arn:aws:iam::111122223333:policy/shop/x"] } }] },
      },
      "-n",
      "shop",
    ),
    refused: /podtrust changes neither what a binding or a trust says/u,
  },
  {
    name: "the operator gives nobody a grant",
    as: operator,
    args: patchOf("awstrust", "default", { spec: { grants: [] } }),
    refused: /podtrust changes neither what a binding or a trust says/u,
  },
  {
    name: "the operator makes no binding",
    as: operator,
    args: ["create", "-f", "-"],
    input: bindingOf({ roles: [webRole] }, { name: "made-by-operator" }),
    refused: rbac,
  },
  {
    name: "the operator deletes no binding",
    as: operator,
    args: ["delete", "arb", "-n", "shop", "web"],
    refused: rbac,
  },
  {
    name: "the operator reads no secret",
    as: operator,
    args: ["get", "secrets", "-n", "shop"],
    refused: rbac,
  },
  {
    name: "the operator makes no pod",
    as: operator,
    args: ["run", "-n", "shop", "x", "--image=x"],
    refused: rbac,
  },
  {
    name: "another ServiceAccount asks for no token of its neighbour",
    as: "system:serviceaccount:shop:default",
    args: tokenOf("web", "--audience=sts.amazonaws.com", "--duration=600s"),
    refused: rbac,
  },
];

describe("in a cluster with bindings", { skip }, () => {
  let plane: ControlPlane;

  before(async () => {
    plane = await startBindingsPlane({}, ["shop", "team-a"]);
    await makeTrust(plane, trustSpec);
    assert.equal((await create(plane, goodBinding)).status, 201);
    const account = { metadata: { name: "web", namespace: "shop", annotations: { theirs: "stays" } } };
    await plane.kubectl(
      ["create", "-f", "-"],
      json({ apiVersion: "v1", kind: "ServiceAccount", ...account }),
    );
    // Without a controller manager nobody aggregates, so the roles are bound as they are.
    const bind = (name: string, user: string): Promise<string> =>
      plane.kubectl([
        "create",
        "rolebinding",
        "-n",
        "shop",
        `${name}-${user}`,
        `--clusterrole=${name}`,
        `--user=${user}`,
      ]);
    for (const name of ["podtrust-bindings-view", "podtrust-bindings-edit"]) await bind(name, "alice");
    await bind("podtrust-bindings-view", "bob");
  });

  after(() => plane.stop());

  for (const { name, as, args, input, refused } of [...tenants, ...own]) {
    test(name, async () => {
      const run = plane.kubectl([...args, `--as=${as}`], input === undefined ? undefined : json(input));
      const outcome = await run.then(
        () => "done",
        (error: unknown) => (error as { stderr: string }).stderr,
      );
      if (refused === undefined) assert.equal(outcome, "done");
      else assert.match(outcome, refused);
    });
  }
});
