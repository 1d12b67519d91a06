import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type JsonRecord, recordsOf } from "../base/index.ts";
import { injectionProblem, injectRole, type PodSpec, type RoleAccess, roleEnvironment } from "./index.ts";

const access: RoleAccess = {
  roleArn: "arn:aws:iam::111122223333:role/web",
  sessionName: "web",
  region: "eu-central-1",
  audience: "sts.amazonaws.com",
  expirationSeconds: 3600,
};
const wanted = { roleArn: access.roleArn, audiences: [access.audience] };
const webhookFolder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

const names = (container: JsonRecord | undefined): unknown[] =>
  recordsOf(container?.["env"]).map(({ name }) => name);
const value = (container: JsonRecord | undefined, name: string): unknown =>
  recordsOf(container?.["env"]).find((one) => one["name"] === name)?.["value"];
const first = (spec: PodSpec, list = "containers"): JsonRecord | undefined => recordsOf(spec[list])[0];

/**
 * What amazon-eks-pod-identity-webhook (3bf80a348116, pkg/handler/handler.go) does to a pod whose ServiceAccount is
 * annotated with the same role, its region flag set.
 */
function awsWebhook(spec: PodSpec): PodSpec {
  const volumes = recordsOf(spec["volumes"]);
  const serviceAccountToken = { audience: "sts.amazonaws.com", expirationSeconds: 86_400, path: "token" };
  const volume = { name: "aws-iam-token", projected: { sources: [{ serviceAccountToken }] } };
  const mutate = (container: JsonRecord): JsonRecord => {
    const env = [...recordsOf(container["env"])];
    const mounts = recordsOf(container["volumeMounts"]);
    const absent = (...all: string[]): boolean => !env.some(({ name }) => all.includes(String(name)));
    const region = absent("AWS_DEFAULT_REGION", "AWS_REGION");
    const role = absent("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE");
    if (region) env.push({ name: "AWS_DEFAULT_REGION", value: access.region });
    if (region) env.push({ name: "AWS_REGION", value: access.region });
    if (role) env.push({ name: "AWS_ROLE_ARN", value: access.roleArn });
    if (role) env.push({ name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${webhookFolder}/token` });
    const mount = { name: "aws-iam-token", readOnly: true, mountPath: webhookFolder };
    const mounted = mounts.some(({ name }) => name === "aws-iam-token");
    return { ...container, env, volumeMounts: mounted ? mounts : [...mounts, mount] };
  };
  const there = volumes.some(({ name }) => name === "aws-iam-token");
  return {
    ...spec,
    ...(there ? {} : { volumes: [volume, ...volumes] }),
    containers: recordsOf(spec["containers"]).map(mutate),
  };
}

describe("a pod is given a role", () => {
  test("every container, init container and sidecar gets the token and all variables", () => {
    const spec = {
      initContainers: [{ name: "migrate" }, { name: "proxy", restartPolicy: "Always" }],
      containers: [{ name: "app", image: "x" }],
    };
    const given = injectRole(spec, access);
    const all = [...recordsOf(given["initContainers"]), ...recordsOf(given["containers"])];
    assert.deepEqual(
      all.map(({ name }) => name),
      ["migrate", "proxy", "app"],
    );
    for (const container of all) {
      assert.deepEqual(container["env"], [
        { name: "AWS_REGION", value: "eu-central-1" },
        { name: "AWS_DEFAULT_REGION", value: "eu-central-1" },
        { name: "AWS_ROLE_ARN", value: "arn:aws:iam::111122223333:role/web" },
        { name: "AWS_ROLE_SESSION_NAME", value: "web" },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: "/var/run/secrets/tokens/token" },
      ]);
      const mount = { name: "aws-iam-token", mountPath: "/var/run/secrets/tokens", readOnly: true };
      assert.deepEqual(container["volumeMounts"], [mount]);
    }
    const serviceAccountToken = { audience: "sts.amazonaws.com", expirationSeconds: 3600, path: "token" };
    assert.deepEqual(given["volumes"], [
      { name: "aws-iam-token", projected: { sources: [{ serviceAccountToken }] } },
    ]);
    assert.deepEqual(spec.containers, [{ name: "app", image: "x" }]);
  });

  test("AWS_STS_REGIONAL_ENDPOINTS is set where it is asked for, and not over another value", () => {
    const asked = { ...access, stsRegionalEndpoints: "regional" } as const;
    const given = injectRole({ containers: [{ name: "app" }] }, asked);
    assert.equal(value(first(given), "AWS_STS_REGIONAL_ENDPOINTS"), "regional");
    const env = [{ name: "AWS_STS_REGIONAL_ENDPOINTS", value: "legacy" }];
    const kept = injectRole({ containers: [{ name: "app", env }] }, asked);
    assert.equal(value(first(kept), "AWS_STS_REGIONAL_ENDPOINTS"), "legacy");
    assert.ok(!names(first(injectRole({ containers: [{}] }, access))).includes("AWS_STS_REGIONAL_ENDPOINTS"));
  });

  test("a variable that is there keeps its value, and takes the ones that belong to it with it", () => {
    const own = [
      { name: "AWS_REGION", value: "us-east-1" },
      { name: "AWS_ROLE_ARN", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
    ];
    assert.deepEqual(first(injectRole({ containers: [{ env: own }] }, access))?.["env"], own);
    const session = [{ name: "AWS_ROLE_SESSION_NAME", value: "mine" }];
    const given = first(injectRole({ containers: [{ env: session }] }, access));
    assert.equal(names(given).filter((name) => name === "AWS_ROLE_SESSION_NAME").length, 1);
    assert.equal(value(given, "AWS_ROLE_SESSION_NAME"), "mine");
    assert.equal(value(given, "AWS_ROLE_ARN"), access.roleArn);
  });

  test("a mount path that another volume has is not taken twice", () => {
    const other = { name: "vault-token", mountPath: "/var/run/secrets/tokens/" };
    const given = injectRole({ containers: [{ name: "app", volumeMounts: [other] }] }, access);
    const mounts = recordsOf(first(given)?.["volumeMounts"]);
    assert.deepEqual(
      mounts.map(({ mountPath }) => mountPath),
      ["/var/run/secrets/tokens/", webhookFolder],
    );
    assert.equal(value(first(given), "AWS_WEB_IDENTITY_TOKEN_FILE"), `${webhookFolder}/token`);
    assert.equal(injectionProblem({ spec: given }, wanted), undefined);
  });

  test("where every path of ours is taken, the API server is left to say so", () => {
    const volumeMounts = ["/var/run/secrets/tokens", webhookFolder].map((mountPath) => ({ mountPath }));
    const given = injectRole({ containers: [{ volumeMounts: [{ name: "odd" }, ...volumeMounts] }] }, access);
    const added = recordsOf(first(given)?.["volumeMounts"]).at(-1);
    assert.equal(added?.["mountPath"], "/var/run/secrets/tokens");
  });

  test("a volume of the token's name is used as it is, under the file name that it has", () => {
    const source = { serviceAccountToken: { audience: "sts.amazonaws.com", path: "jwt" } };
    const volumes = [{ name: "aws-iam-token", projected: { sources: [{ configMap: {} }, source] } }];
    const given = injectRole({ containers: [{ name: "app" }], volumes }, access);
    assert.deepEqual(given["volumes"], volumes);
    assert.equal(value(first(given), "AWS_WEB_IDENTITY_TOKEN_FILE"), "/var/run/secrets/tokens/jwt");
    assert.equal(injectionProblem({ spec: given }, wanted), undefined);
  });

  test("containers that are to be skipped stay as they are", () => {
    const spec = { containers: [{ name: "app" }, { name: "proxy" }] };
    const given = recordsOf(injectRole(spec, access, ["proxy"])["containers"]);
    assert.deepEqual(given[1], { name: "proxy" });
    assert.notDeepEqual(given[0], { name: "app" });
  });

  test("a pod for Windows opens the file by a path of Windows", () => {
    for (const where of [
      { nodeSelector: { "kubernetes.io/os": "windows" } },
      { nodeSelector: { "beta.kubernetes.io/os": "windows" } },
      { os: { name: "windows" } },
    ]) {
      const given = injectRole({ ...where, containers: [{ name: "app" }] }, access);
      const file = String.raw`C:\var\run\secrets\tokens\token`;
      assert.equal(value(first(given), "AWS_WEB_IDENTITY_TOKEN_FILE"), file);
      assert.equal(recordsOf(first(given)?.["volumeMounts"])[0]?.["mountPath"], "/var/run/secrets/tokens");
      assert.equal(injectionProblem({ spec: given }, wanted), undefined);
    }
  });

  test("a process that is no container gets the same variables", () => {
    const container = first(injectRole({ containers: [{ name: "app" }] }, access));
    const environment = roleEnvironment(access, "/var/run/secrets/tokens/token");
    assert.deepEqual(
      Object.entries(environment).map(([name, text]) => ({ name, value: text })),
      container?.["env"],
    );
  });
});

describe("beside AWS's own webhook", () => {
  const bare = { containers: [{ name: "app", env: [{ name: "LANG", value: "C" }] }] };

  test("a pod that the webhook was faster at is not given a second token", () => {
    const theirs = awsWebhook(bare);
    assert.deepEqual(injectRole(theirs, access), theirs);
    assert.equal(injectionProblem({ spec: theirs }, wanted), undefined);
  });

  test("a pod that has ours is not given a second token by the webhook", () => {
    const ours = injectRole(bare, access);
    assert.deepEqual(awsWebhook(ours), ours);
  });
});

const containers = fc.array(
  fc.record(
    {
      name: fc.constantFrom("a", "b", "c"),
      env: fc.array(
        fc.record({
          name: fc.constantFrom("AWS_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "X"),
          value: fc.constantFrom("", "x"),
        }),
        { maxLength: 3 },
      ),
      volumeMounts: fc.array(
        fc.record({
          name: fc.constantFrom("aws-iam-token", "other"),
          mountPath: fc.constantFrom("/var/run/secrets/tokens", `${webhookFolder}/`, "/x"),
        }),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 3 },
);
const specs: fc.Arbitrary<PodSpec> = fc.record(
  {
    containers,
    initContainers: containers,
    volumes: fc.array(fc.record({ name: fc.constantFrom("aws-iam-token", "other") }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

test("given its own result, injection changes nothing, and it never takes anything away", () => {
  fc.assert(
    fc.property(specs, (spec) => {
      const once = injectRole(spec, access);
      assert.deepEqual(injectRole(once, access), once);
      for (const [index, container] of recordsOf(spec["containers"]).entries()) {
        const given = recordsOf(once["containers"])[index];
        for (const key of ["env", "volumeMounts"]) {
          const before = recordsOf(container[key]);
          assert.deepEqual(recordsOf(given?.[key]).slice(0, before.length), before);
        }
      }
    }),
  );
});
