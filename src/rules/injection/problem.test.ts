import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { injectionProblem, type InjectionReason, isAlive } from "./index.ts";

const roleArn = "arn:aws:iam::111122223333:role/demo";
const wanted = { roleArn, audiences: ["sts.amazonaws.com"] };
const mount = { name: "t", mountPath: "/var/run/secrets/tokens/" };

const variables = (role: unknown, file: unknown): object[] => [
  { name: "AWS_REGION", value: "eu-central-1" },
  { name: "AWS_ROLE_ARN", value: role },
  { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: file },
];
const good = { name: "app", env: variables(roleArn, "/var/run/secrets/tokens/token"), volumeMounts: [mount] };

function pod(
  containers: readonly object[],
  audience: string | undefined = "sts.amazonaws.com",
): Readonly<Record<string, unknown>> {
  const sources = [{ serviceAccountToken: { path: "token", ...(audience === "" ? {} : { audience }) } }];
  const spec = { containers, volumes: [{ name: "t", projected: { sources } }] };
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
}

describe("what is missing in a pod for its role", () => {
  test("a container with both variables and the token they lead to has all it needs, beside a sidecar that has nothing", () => {
    assert.equal(injectionProblem(pod([{ name: "sidecar" }, good]), wanted), undefined);
  });

  test("each thing that is missing is named, and has a stable reason", () => {
    const [, ...noRegion] = good.env;
    const secret = { name: "AWS_ACCESS_KEY_ID", valueFrom: { secretKeyRef: { name: "s", key: "id" } } };
    const problems: readonly (readonly [InjectionReason, object, RegExp, string?])[] = [
      ["PodNotInjected", { name: "app" }, /^has neither AWS_ROLE_ARN nor/u],
      [
        "PodRoleDiffers",
        { ...good, env: [{ name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/x" }] },
        /^has AWS_ROLE_ARN unset in place of arn/u,
      ],
      ["PodTokenNotMounted", { ...good, volumeMounts: [{ name: "t" }] }, /^mounts no projected token/u],
      ["PodRoleDiffers", { ...good, env: variables("", "/x") }, /^has AWS_ROLE_ARN {2}in place of arn/u],
      [
        "PodRoleDiffers",
        { ...good, env: variables("arn:aws:iam::1:role/other", "/x") },
        /AWS_ROLE_ARN arn:aws:iam::1:role\/other in place/u,
      ],
      [
        "PodNotInjected",
        { ...good, env: [{ name: "AWS_ROLE_ARN", value: roleArn }] },
        /^has no AWS_WEB_IDENTITY_TOKEN_FILE$/u,
      ],
      [
        "PodTokenNotMounted",
        { ...good, volumeMounts: [] },
        /^mounts no projected token at \/var\/run\/secrets\/tokens\/token$/u,
      ],
      [
        "PodTokenNotMounted",
        { ...good, env: variables(roleArn, "/var/run/secrets/kubernetes.io/serviceaccount/token") },
        /^mounts no projected/u,
      ],
      ["PodAudienceRefused", good, /audience vault, which the OIDC provider does not accept$/u, "vault"],
      ["PodAudienceRefused", good, /audience the API server's own/u, ""],
      [
        "PodStaticCredentials",
        { ...good, env: [...good.env, secret] },
        /^has AWS_ACCESS_KEY_ID, which every/u,
      ],
      ["PodRegionMissing", { ...good, env: noRegion }, /^has neither AWS_REGION nor AWS_DEFAULT_REGION$/u],
    ];
    for (const [reason, container, message, audience] of problems) {
      const problem = injectionProblem(pod([container], audience), wanted);
      assert.equal(problem?.reason, reason);
      assert.match(problem.text, message);
    }
  });

  test("of several containers the one that comes nearest to having all is reported", () => {
    const [, ...noRegion] = good.env;
    const other = { ...good, volumeMounts: [] };
    const apart = { ...good, env: variables("arn:aws:iam::1:role/other", "/x") };
    const reasons = [
      injectionProblem(pod([{ name: "sidecar" }, other]), wanted)?.reason,
      injectionProblem(pod([{ name: "sidecar" }, apart, { ...good, env: noRegion }]), wanted)?.reason,
    ];
    assert.deepEqual(reasons, ["PodTokenNotMounted", "PodRegionMissing"]);
  });

  test("a container that asks for its role without its token is reported beside a sidecar that has all it needs", () => {
    const main = { ...good, name: "main", volumeMounts: [] };
    assert.equal(injectionProblem(pod([good, main]), wanted)?.reason, "PodTokenNotMounted");
  });

  test("a container for Windows names the file as programs there open it, and mounts it as everywhere", () => {
    const env = variables(roleArn, String.raw`C:\var\run\secrets\tokens\token`);
    assert.equal(injectionProblem(pod([{ ...good, env }]), wanted), undefined);
  });

  test("a region that a ConfigMap may hold as a whole is not missed", () => {
    const [, ...env] = good.env;
    const envFrom = [{ configMapRef: { name: "settings" } }];
    assert.equal(injectionProblem(pod([{ ...good, env, envFrom }]), wanted), undefined);
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
      assert.match(injectionProblem({ spec }, wanted)?.reason ?? "", /^PodNotInjected$/u);
    }
  });

  test("pods that have ended do not count", () => {
    const phases = ["Pending", "Running", "Unknown", "Succeeded", "Failed"];
    const alive = phases.filter((phase) => isAlive({ ...pod([]), status: { phase } }));
    assert.deepEqual(alive, ["Pending", "Running", "Unknown"]);
  });
});
