import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes/index.ts";
import { injectionProblem, isAlive } from "./injection.ts";

const roleArn = "arn:aws:iam::111122223333:role/demo";
const wanted = { roleArn, audiences: ["sts.amazonaws.com"] };
const mount = { name: "t", mountPath: "/var/run/secrets/tokens/" };

const variables = (role: unknown, file: unknown): object[] => [
  { name: "AWS_ROLE_ARN", value: role },
  { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: file },
];
const good = { name: "app", env: variables(roleArn, "/var/run/secrets/tokens/token"), volumeMounts: [mount] };

function pod(
  containers: readonly object[],
  audience: string | undefined = "sts.amazonaws.com",
): KubernetesObject {
  const sources = [{ serviceAccountToken: { path: "token", ...(audience === "" ? {} : { audience }) } }];
  const spec = { containers, volumes: [{ name: "t", projected: { sources } }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
}

test("a container with both variables and the token they lead to has all it takes, beside a sidecar that has nothing", () => {
  assert.equal(injectionProblem(pod([{ name: "sidecar" }, good]), wanted), undefined);
});

test("each thing that is missing is named", () => {
  const problems: readonly (readonly [object, RegExp, string?])[] = [
    [{ name: "app" }, /^has neither AWS_ROLE_ARN nor/u],
    [{ ...good, env: variables("", "/x") }, /^has AWS_ROLE_ARN {2}in place of arn/u],
    [
      { ...good, env: variables("arn:aws:iam::1:role/other", "/x") },
      /AWS_ROLE_ARN arn:aws:iam::1:role\/other in place/u,
    ],
    [{ ...good, env: [{ name: "AWS_ROLE_ARN", value: roleArn }] }, /^has no AWS_WEB_IDENTITY_TOKEN_FILE$/u],
    [{ ...good, volumeMounts: [] }, /^mounts no projected token at \/var\/run\/secrets\/tokens\/token$/u],
    [
      { ...good, env: variables(roleArn, "/var/run/secrets/kubernetes.io/serviceaccount/token") },
      /^mounts no projected/u,
    ],
    [good, /audience vault, which the OIDC provider does not accept$/u, "vault"],
    [good, /audience the API server's own/u, ""],
  ];
  for (const [container, message, audience] of problems) {
    assert.match(injectionProblem(pod([container], audience), wanted) ?? "", message);
  }
});

test("a value that a ConfigMap gives is not held against the pod", () => {
  const env = [{ name: "AWS_ROLE_ARN", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } }];
  assert.equal(injectionProblem(pod([{ name: "app", env }]), wanted), undefined);
});

test("a pod of any shape is judged, not thrown at", () => {
  for (const spec of [
    undefined,
    null,
    [],
    "x",
    { containers: "x" },
    { containers: [null, 1], volumes: [null] },
  ]) {
    const odd = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
    assert.equal(typeof injectionProblem(odd, wanted), "string");
  }
});

test("only pods that have not ended count", () => {
  const phases = ["Pending", "Running", "Unknown", "Succeeded", "Failed"];
  const alive = phases.filter((phase) => isAlive({ ...pod([]), status: { phase } }));
  assert.deepEqual(alive, ["Pending", "Running", "Unknown"]);
});
