/** Pods whose credentials come from an agent on the node: the container credentials of AWS's webhook (3bf80a348116). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../core/base/index.ts";
import { inject, injectionFault, injectionView, injectionWarnings, type Surroundings } from "./index.ts";

const uri = "http://169.254.170.23/v1/credentials";
const name = "eks-pod-identity-token";
const folder = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
const [uriName, tokenName] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
const mount = { name, readOnly: true, mountPath: folder };
const variables = [
  { name: uriName, value: uri },
  { name: tokenName, value: `${folder}/${name}` },
];

function around(annotations: JsonRecord = {}, spread = 1): Surroundings {
  return {
    serviceAccount: { metadata: { annotations } },
    namespace: { metadata: { annotations: { "podtrust.dev/region": "eu-west-1" } } },
    agent: { credentialsUri: uri, audience: "pods.eks.amazonaws.com", spread },
  };
}
const pod = (spec: object = {}, metadata: object = {}): JsonRecord => ({
  metadata,
  spec: { serviceAccountName: "web", containers: [{ name: "app" }], ...spec },
});
const plain: Surroundings = { ...around(), namespace: undefined };
const specOf = (one: JsonRecord, by: Surroundings = plain): JsonRecord =>
  recordOf(inject(one, by).pod["spec"]);
const tokenOf = (spec: JsonRecord): JsonRecord => {
  const [volume] = recordsOf(spec["volumes"]);
  return recordOf(recordsOf(recordOf(volume?.["projected"])["sources"])[0]?.["serviceAccountToken"]);
};

describe("credentials from an agent", () => {
  test("come with its address, a token for it, and the label of AWS's webhook", () => {
    assert.deepEqual(inject(pod(), plain).pod, {
      metadata: { labels: { "eks.amazonaws.com/pod-identity": "enabled" } },
      spec: {
        serviceAccountName: "web",
        volumes: [
          {
            name,
            projected: {
              sources: [
                {
                  serviceAccountToken: {
                    audience: "pods.eks.amazonaws.com",
                    expirationSeconds: 86_400,
                    path: name,
                  },
                },
              ],
            },
          },
        ],
        containers: [{ name: "app", env: variables, volumeMounts: [mount] }],
      },
    });
  });

  test("take the place of a role, with region and endpoints as for one, in that order", () => {
    const annotations = {
      "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/web",
      "eks.amazonaws.com/sts-regional-endpoints": "true",
      "podtrust.dev/fs-group": "1000",
      "podtrust.dev/token-mode": "0440",
    };
    const spec = specOf(pod(), around(annotations));
    const [container] = recordsOf(spec["containers"]);
    assert.deepEqual(
      recordsOf(container?.["env"]).map((one) => one["name"]),
      ["AWS_STS_REGIONAL_ENDPOINTS", "AWS_DEFAULT_REGION", "AWS_REGION", uriName, tokenName],
    );
    assert.deepEqual(spec["securityContext"], { fsGroup: 1000 });
    assert.equal(recordOf(recordsOf(spec["volumes"])[0]?.["projected"])["defaultMode"], 0o440);
  });

  test("have tokens of a day that do not end all at once, and of another length where one is asked for", () => {
    const seconds = (spread: number, annotations: JsonRecord = {}): unknown =>
      tokenOf(specOf(pod(), around(annotations, spread)))["expirationSeconds"];
    assert.deepEqual([seconds(0), seconds(0.5), seconds(1)], [79_200, 82_800, 86_400]);
    assert.equal(seconds(0, { "eks.amazonaws.com/token-expiration": "3600" }), 3600);
    assert.equal(seconds(0, { "eks.amazonaws.com/token-expiration": "60" }), 600);
  });

  test("leave a container that has one of the two variables, one that is skipped, and a volume of the name", () => {
    const env = [{ name: uriName, value: "http://localhost/" }];
    const volumes = [{ name, projected: { sources: [{ serviceAccountToken: { path: "own" } }] } }];
    const containers = [{ name: "own", env }, { name: "skipped" }, { name: "app" }];
    const made = specOf(
      pod({ containers, volumes }, { annotations: { "eks.amazonaws.com/skip-containers": "skipped" } }),
    );
    const [own, skipped, app] = recordsOf(made["containers"]);
    assert.deepEqual(own, { name: "own", env, volumeMounts: [mount] });
    assert.deepEqual(skipped, { name: "skipped" });
    assert.deepEqual(recordsOf(app?.["env"])[1], { name: tokenName, value: `${folder}/own` });
    assert.deepEqual(made["volumes"], volumes);
  });

  test("leave a container untouched that has variables of all three kinds, as AWS's webhook does", () => {
    const env = [uriName, "AWS_REGION", "AWS_STS_REGIONAL_ENDPOINTS"].map((one) => ({
      name: one,
      value: "x",
    }));
    assert.deepEqual(recordsOf(specOf(pod({ containers: [{ name: "app", env }] }))["containers"]), [
      { name: "app", env },
    ]);
  });

  test("have their token's path as Windows writes it", () => {
    const made = specOf(pod({ os: { name: "windows" } }));
    const [container] = recordsOf(made["containers"]);
    assert.deepEqual(recordsOf(container?.["env"])[1], {
      name: tokenName,
      value: String.raw`C:\var\run\secrets\pods.eks.amazonaws.com\serviceaccount\eks-pod-identity-token`,
    });
    assert.deepEqual(container?.["volumeMounts"], [mount]);
  });

  test("are the same a second time, and pods without them are found", () => {
    const { pod: made } = inject(pod(), around());
    assert.equal(inject(made, around({}, 0)).pod, made);
    assert.equal(injectionFault(made, around()), undefined);
    const view = injectionView(made);
    assert.ok(view !== undefined);
    assert.equal(injectionFault(view, around()), undefined);
    assert.deepEqual(injectionFault(pod(), around()), {
      reason: "PodNotInjected",
      text: `has no ${uriName} in the container app`,
    });
    assert.deepEqual(
      injectionFault(
        pod({ containers: [{ name: "app", env: [...variables, { name: "AWS_REGION" }] }] }),
        plain,
      ),
      {
        reason: "PodNotInjected",
        text: `has no volume ${name}`,
      },
    );
  });

  test("come with what is said of annotations", () => {
    const warnings = injectionWarnings(inject(pod(), around({ "podtrust.dev/region": "nowhere!" })));
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? "",
      /InjectionAnnotationInvalid: annotation podtrust\.dev\/region of the ServiceAccount is "nowhere!"/u,
    );
  });
});
