import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import { awsWebhook } from "../../../test/support/aws-webhook-model.ts";
import {
  accessAnnotations,
  inject,
  injectionFault,
  injectionProblem,
  injectRole,
  type PodSpec,
  type RoleAccess,
  roleEnvironment,
} from "./index.ts";

const access: RoleAccess = {
  roleArn: "arn:aws:iam::111122223333:role/web",
  sessionName: "web",
  region: "eu-central-1",
  audience: "sts.amazonaws.com",
  expirationSeconds: 3600,
};
const { sessionName: _, ...anonymous } = access;
const wanted = { roleArn: access.roleArn, audiences: [access.audience] };
const folder = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const otherFolder = "/var/run/secrets/podtrust.dev/serviceaccount";

/** A ServiceAccount with these annotations, and a namespace without any. */
const account = (annotations: Readonly<Record<string, string>>): { readonly serviceAccount: JsonRecord } => ({
  serviceAccount: { metadata: { name: "web", namespace: "shop", annotations } },
});

/** The spec of the pod with the role. */
const given = (spec: PodSpec, more: RoleAccess = access, skip?: readonly string[]): PodSpec =>
  recordOf(injectRole({ spec }, more, skip)["spec"]);
const names = (container: JsonRecord | undefined): unknown[] =>
  recordsOf(container?.["env"]).map(({ name }) => name);
const value = (container: JsonRecord | undefined, name: string): unknown =>
  recordsOf(container?.["env"]).find((one) => one["name"] === name)?.["value"];
const first = (spec: PodSpec, list = "containers"): JsonRecord | undefined => recordsOf(spec[list])[0];

describe("a pod is given a role", () => {
  test("every container, init container and sidecar gets the token and all variables", () => {
    const spec = {
      initContainers: [{ name: "migrate" }, { name: "proxy", restartPolicy: "Always" }],
      containers: [{ name: "app", image: "x" }],
    };
    const result = given(spec);
    const all = [...recordsOf(result["initContainers"]), ...recordsOf(result["containers"])];
    assert.deepEqual(
      all.map(({ name }) => name),
      ["migrate", "proxy", "app"],
    );
    for (const container of all) {
      assert.deepEqual(container["env"], [
        { name: "AWS_DEFAULT_REGION", value: "eu-central-1" },
        { name: "AWS_REGION", value: "eu-central-1" },
        { name: "AWS_ROLE_ARN", value: "arn:aws:iam::111122223333:role/web" },
        { name: "AWS_WEB_IDENTITY_TOKEN_FILE", value: `${folder}/token` },
        { name: "AWS_ROLE_SESSION_NAME", value: "web" },
      ]);
      const mount = { name: "aws-iam-token", mountPath: folder, readOnly: true };
      assert.deepEqual(container["volumeMounts"], [mount]);
    }
    const serviceAccountToken = { audience: "sts.amazonaws.com", expirationSeconds: 3600, path: "token" };
    assert.deepEqual(result["volumes"], [
      { name: "aws-iam-token", projected: { sources: [{ serviceAccountToken }] } },
    ]);
    assert.deepEqual(spec.containers, [{ name: "app", image: "x" }]);
  });

  test("AWS_STS_REGIONAL_ENDPOINTS is set where it is asked for, and not over another value", () => {
    const asked = { ...access, stsRegionalEndpoints: "regional" } as const;
    assert.equal(
      value(first(given({ containers: [{ name: "app" }] }, asked)), "AWS_STS_REGIONAL_ENDPOINTS"),
      "regional",
    );
    const env = [{ name: "AWS_STS_REGIONAL_ENDPOINTS", value: "legacy" }];
    const kept = given({ containers: [{ name: "app", env }] }, asked);
    assert.equal(value(first(kept), "AWS_STS_REGIONAL_ENDPOINTS"), "legacy");
    assert.ok(!names(first(given({ containers: [{}] }))).includes("AWS_STS_REGIONAL_ENDPOINTS"));
  });

  test("a variable that is there keeps its value, and takes the ones that belong to it with it", () => {
    const own = [
      { name: "AWS_REGION", value: "us-east-1" },
      { name: "AWS_ROLE_ARN", valueFrom: { configMapKeyRef: { name: "c", key: "k" } } },
      { name: "AWS_ROLE_SESSION_NAME", value: "mine" },
    ];
    assert.deepEqual(first(given({ containers: [{ env: own }] }))?.["env"], own);
    const session = own.slice(2);
    const result = first(given({ containers: [{ env: session }] }));
    assert.equal(names(result).filter((name) => name === "AWS_ROLE_SESSION_NAME").length, 1);
    assert.equal(value(result, "AWS_ROLE_SESSION_NAME"), "mine");
    assert.equal(value(result, "AWS_ROLE_ARN"), access.roleArn);
  });

  test("a mount path that another volume has is not taken twice", () => {
    const other = { name: "vault-token", mountPath: `${folder}/` };
    const result = given({ containers: [{ name: "app", volumeMounts: [other] }] });
    const mounts = recordsOf(first(result)?.["volumeMounts"]);
    assert.deepEqual(
      mounts.map(({ mountPath }) => mountPath),
      [`${folder}/`, otherFolder],
    );
    assert.equal(value(first(result), "AWS_WEB_IDENTITY_TOKEN_FILE"), `${otherFolder}/token`);
    assert.equal(injectionProblem({ spec: result }, wanted), undefined);
  });

  test("where every path of ours is taken, the API server is left to say so", () => {
    const volumeMounts = [folder, otherFolder].map((mountPath) => ({ mountPath }));
    const result = given({ containers: [{ volumeMounts: [{ name: "odd" }, ...volumeMounts] }] });
    const added = recordsOf(first(result)?.["volumeMounts"]).at(-1);
    assert.equal(added?.["mountPath"], otherFolder);
  });

  test("a volume of the token's name is used as it is, under the file name that it has", () => {
    const source = { serviceAccountToken: { audience: "sts.amazonaws.com", path: "jwt" } };
    const volumes = [{ name: "aws-iam-token", projected: { sources: [{ configMap: {} }, source] } }];
    const result = given({ containers: [{ name: "app" }], volumes });
    assert.deepEqual(result["volumes"], volumes);
    assert.equal(value(first(result), "AWS_WEB_IDENTITY_TOKEN_FILE"), `${folder}/jwt`);
    assert.equal(injectionProblem({ spec: result }, wanted), undefined);
  });

  test("containers that are to be skipped stay as they are", () => {
    const spec = { containers: [{ name: "app" }, { name: "proxy" }] };
    const containers = recordsOf(given(spec, access, ["proxy"])["containers"]);
    assert.deepEqual(containers[1], { name: "proxy" });
    assert.notDeepEqual(containers[0], { name: "app" });
  });

  test("a pod for Windows opens the file by a path of Windows", () => {
    for (const where of [
      { nodeSelector: { "kubernetes.io/os": "windows" } },
      { nodeSelector: { "beta.kubernetes.io/os": "windows" } },
      { os: { name: "windows" } },
    ]) {
      const result = given({ ...where, containers: [{ name: "app" }] });
      const file = String.raw`C:\var\run\secrets\eks.amazonaws.com\serviceaccount\token`;
      assert.equal(value(first(result), "AWS_WEB_IDENTITY_TOKEN_FILE"), file);
      assert.equal(recordsOf(first(result)?.["volumeMounts"])[0]?.["mountPath"], folder);
      assert.equal(injectionProblem({ spec: result }, wanted), undefined);
    }
  });

  test("a process that is no container gets the same variables", () => {
    const container = first(given({ containers: [{ name: "app" }] }));
    const environment = roleEnvironment(access, `${folder}/token`);
    assert.deepEqual(
      Object.entries(environment).map(([name, text]) => ({ name, value: text })),
      container?.["env"],
    );
    assert.ok(!("AWS_ROLE_SESSION_NAME" in roleEnvironment(anonymous, "/token")));
  });

  test("the annotations of an access ask for just that access", () => {
    const full: RoleAccess = {
      ...access,
      audience: "other",
      stsRegionalEndpoints: "regional",
      fsGroup: 1000,
      tokenMode: 0o440,
      profiles: [
        { name: "billing", roleArn: "arn:aws:iam::111122223333:role/billing", by: "token" },
        { name: "audit", roleArn: "arn:aws:iam::444455556666:role/audit", by: "role" },
      ],
    };
    const least: RoleAccess = {
      roleArn: access.roleArn,
      audience: "sts.amazonaws.com",
      expirationSeconds: 86_400,
      sessionFromPod: true,
    };
    for (const one of [full, least]) {
      const result = inject({ spec: { containers: [{ name: "app" }] } }, account(accessAnnotations(one)));
      assert.deepEqual(result.outcome === "injected" ? [result.access, result.notes] : result, [one, []]);
    }
  });
});

const containers = fc.array(
  fc.record(
    {
      name: fc.constantFrom("a", "b", "c"),
      env: fc.array(
        fc.record({
          name: fc.constantFrom(
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_STS_REGIONAL_ENDPOINTS",
            "AWS_CONFIG_FILE",
            "AWS_PROFILE",
            "AWS_ROLE_SESSION_NAME",
            "X",
          ),
          value: fc.constantFrom("", "x", access.roleArn, "/var/run/secrets/podtrust.dev/aws/config"),
        }),
        { maxLength: 4 },
      ),
      volumeMounts: fc.array(
        fc.record({
          name: fc.constantFrom("aws-iam-token", "podtrust-aws-config", "other"),
          mountPath: fc.constantFrom(
            folder,
            `${folder}/`,
            otherFolder,
            "/var/run/secrets/podtrust.dev/aws",
            "/x",
          ),
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
    volumes: fc.array(fc.record({ name: fc.constantFrom("aws-iam-token", "podtrust-aws-config", "other") }), {
      maxLength: 2,
    }),
  },
  { requiredKeys: [] },
);
const otherRole = "arn:aws:iam::444455556666:role/other";
const annotations = fc.record(
  {
    "eks.amazonaws.com/role-arn": fc.constantFrom(access.roleArn, "none"),
    "eks.amazonaws.com/sts-regional-endpoints": fc.constantFrom("true", "false", "maybe"),
    "podtrust.dev/region": fc.constantFrom("eu-central-1", "", "no region"),
    "podtrust.dev/session-name": fc.constantFrom("pod", "web", "-", ""),
    "podtrust.dev/fs-group": fc.constantFrom("1000", "root"),
    "profile.podtrust.dev/billing": fc.constantFrom(otherRole, "x"),
    "chain.podtrust.dev/audit": fc.constantFrom(otherRole, "x"),
    "chain.podtrust.dev/default": fc.constant(otherRole),
  },
  { requiredKeys: ["eks.amazonaws.com/role-arn"] },
);

test("given its own result, injection changes nothing, and it never takes anything away", () => {
  fc.assert(
    fc.property(specs, annotations, (spec, asked) => {
      const once = inject({ spec }, account(asked)).pod;
      assert.equal(inject(once, account(asked)).pod, once);
      for (const [index, container] of recordsOf(spec["containers"]).entries()) {
        const injected = recordsOf(recordOf(once["spec"])["containers"])[index];
        for (const key of ["env", "volumeMounts"]) {
          const before = recordsOf(container[key]);
          assert.deepEqual(recordsOf(injected?.[key]).slice(0, before.length), before);
        }
      }
    }),
  );
});

test("what injection made of a pod has no fault that a pod made anew would not have", () => {
  fc.assert(
    fc.property(specs, annotations, (spec, asked) => {
      const fault = injectionFault(inject({ spec }, account(asked)).pod, account(asked));
      // These are the pod's own: its variables, or its volumes under our names.
      assert.ok(fault === undefined || !["PodNotInjected", "PodInjectionStale"].includes(fault.reason));
    }),
  );
});

describe("beside AWS's own webhook", () => {
  const bare = { spec: { containers: [{ name: "app", env: [{ name: "LANG", value: "C" }] }] } };
  const { "eks.amazonaws.com/role-arn": role } = accessAnnotations(access);
  const annotated = account({ "eks.amazonaws.com/role-arn": role ?? "" });

  test("a pod that has only AWS's annotations is the same from both", () => {
    assert.deepEqual(inject(bare, annotated).pod, awsWebhook(bare, annotated.serviceAccount));
  });

  test("a pod that the webhook was faster at is not given a second token", () => {
    const theirs = awsWebhook(bare, annotated.serviceAccount, { region: "eu-central-1" });
    assert.equal(inject(theirs, annotated).pod, theirs);
    assert.equal(injectRole(theirs, anonymous), theirs);
    assert.equal(injectionFault(theirs, annotated), undefined);
    assert.equal(injectionProblem(theirs, wanted), undefined);
  });

  test("a pod that has ours is not given a second token by the webhook", () => {
    const ours = injectRole(bare, access);
    assert.deepEqual(awsWebhook(ours, annotated.serviceAccount, { region: "eu-central-1" }), ours);
  });

  test("whichever comes first, containers have the same variables and mounts, whatever is asked for", () => {
    const sorted = (pod: JsonRecord): unknown =>
      recordsOf(recordOf(pod["spec"])["containers"]).map((container) =>
        ["env", "volumeMounts"].map((key) =>
          recordsOf(container[key]).toSorted((a, b) => (String(a["name"]) < String(b["name"]) ? -1 : 1)),
        ),
      );
    // A container that brings a part of its own is left in different parts to each of them, as between two of AWS's.
    const plain = fc.record({
      containers: fc.array(fc.record({ name: fc.constantFrom("a", "b") }), { minLength: 1, maxLength: 2 }),
    });
    const direct = annotations.filter((asked) => !("chain.podtrust.dev/default" in asked));
    fc.assert(
      fc.property(plain, direct, (spec, asked) => {
        const around = account(asked);
        const theirsFirst = inject(awsWebhook({ spec }, around.serviceAccount), around).pod;
        const oursFirst = awsWebhook(inject({ spec }, around).pod, around.serviceAccount);
        assert.deepEqual(sorted(theirsFirst), sorted(oursFirst));
      }),
    );
  });
});
