/** What a company sets in the values of the chart, rendered by Helm itself. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { recordOf } from "../../src/core/base/index.ts";
import { Helm, objectsOf, valuesOf } from "./charts/rendering.ts";
import { leftOut } from "./harness/index.ts";

const image = "registry.example.com/podtrust:0.1.0";

describe("the values of the chart", { skip: leftOut() }, () => {
  let helm: Helm;
  before(async () => {
    helm = await Helm.open();
  });
  after(() => helm?.close());

  test("opens the port of the proxy that the pods' variables name, however its address is written", async () => {
    for (const env of [
      { https_proxy: "proxy.example.com:8080/" },
      { HTTPS_PROXY: "http://[fd00::1]" },
      { HTTPS_PROXY: "https://proxy.example.com" },
      { HTTPS_PROXY: "http://proxy.example.com:443" },
      { HTTPS_PROXY: "http://10.0.0.1:3128/", https_proxy: "http://10.0.0.1:1" },
      { HTTP_PROXY: "http://proxy.example.com:3128" },
    ]) {
      const pods = helm.file("pods.yaml", { env });
      const command = ["manifests", "operator", "--image", image, "--pods", pods];
      await helm.renders(await valuesOf(command), await objectsOf(command));
    }
  });

  test("gives PodMonitors and PrometheusRules the labels by which a Prometheus chooses them, and nothing else", async () => {
    const config = JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com" });
    const values = { image, publisher: { enabled: true, config }, operator: { enabled: true } };
    const labels = { release: "kube-prometheus-stack" };
    const monitoring = { podMonitors: true, alerts: true, dashboards: true, signer: true, labels };
    const rendered = parseAllDocuments(await helm.template({ ...values, monitoring })).map((one) =>
      recordOf(one.toJSON()),
    );
    const labelled = rendered.filter(
      (one) => recordOf(recordOf(one["metadata"])["labels"])["release"] === labels.release,
    );
    assert.deepEqual(
      labelled.map(({ kind }) => kind).toSorted((a, b) => String(a).localeCompare(String(b))),
      ["PodMonitor", "PodMonitor", "PrometheusRule", "PrometheusRule", "PrometheusRule"],
    );
  });

  test("takes the image from the registry of global.imageRegistry, whichever one the image names", async () => {
    for (const [named, pulled] of [
      ["registry.example.com/podtrust:0.1.0", "mirror.example.com:5000/all/podtrust:0.1.0"],
      ["localhost:5000/team/podtrust@sha256:ab", "mirror.example.com:5000/all/team/podtrust@sha256:ab"],
      ["team/podtrust", "mirror.example.com:5000/all/team/podtrust"],
    ] as const) {
      const values = {
        image: named,
        operator: { enabled: true, keys: "stack: prod" },
        global: { imageRegistry: "mirror.example.com:5000/all" },
      };
      const text = await helm.template(values);
      const images = [...text.matchAll(/^ *image: "(.*)"$/gmu)].map(([, found]) => found);
      assert.deepEqual(images, [pulled, pulled], named);
    }
    await assert.rejects(
      helm.template({ global: { imageRegistry: "https://mirror.example.com" } }),
      /imageRegistry/u,
    );
  });

  const operator = ["manifests", "operator", "--image", image];

  /** What a company sets of the pods, each beside what podtrust has of its own. */
  const settings = {
    commonLabels: { "example.com/owner": "platform", "app.kubernetes.io/part-of": "identity" },
    serviceAccountAnnotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/podtrust" },
    securityContext: { runAsUser: null, fsGroup: 1_000_680_000, supplementalGroups: [7] },
    containerSecurityContext: { privileged: false, capabilities: { drop: ["ALL"] }, runAsUser: 7 },
    volumes: [{ name: "company-ca", configMap: { name: "company-ca" } }],
    volumeMounts: [{ name: "company-ca", mountPath: "/etc/ssl/company", readOnly: true }],
    networkPolicy: false,
    podDisruptionBudget: false,
  } as const;

  test("renders more volumes, labels, annotations, users and switches as manifests prints them, all and each alone", async () => {
    const config = helm.file("podtrust.yaml", {
      stack: "prod",
      issuer: "https://oidc.example.com",
      publisher: { https: { acme: { challenge: "tls-alpn-01" } } },
    });
    const publisher = ["manifests", "publisher", "--file", config, "--image", image];
    const alone = Object.entries(settings).map(([key, value]) => ({ [key]: value }));
    for (const part of [operator, publisher])
      for (const settled of [settings, ...alone]) {
        const command = [...part, "--pods", helm.file("pods.yaml", settled)];
        await helm.renders(await valuesOf(command), await objectsOf(command));
      }
    const onNodes = [...operator, "--webhook", "--pods", helm.file("pods.yaml", { hostNetwork: true })];
    await helm.renders(await valuesOf(onNodes), await objectsOf(onNodes));
  });

  test("leaves user and groups of pods to the cluster by null, over the chart's own defaults", async () => {
    const none = { runAsUser: null, runAsGroup: null, fsGroup: null };
    const values = { image, operator: { enabled: true, pods: { securityContext: none } } };
    const rendered = await helm.template(values);
    assert.doesNotMatch(rendered, /runAsUser|runAsGroup|fsGroup/u);
    assert.match(rendered, /runAsNonRoot: true/u);
  });

  test("labels every object that it makes, of every part, by commonLabels", async () => {
    const config = JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com" });
    const on = { podMonitors: true, alerts: true, dashboards: true, signer: true };
    const rendered = parseAllDocuments(
      await helm.template({
        image,
        commonLabels: { team: "platform" },
        publisher: { enabled: true, config },
        operator: { enabled: true, webhook: true, keys: "stack: prod" },
        bindings: { enabled: true, azure: true, gcp: true },
        injection: { enabled: true, mode: "configmap", gcp: true, azure: true, openbao: true },
        monitoring: { ...on, labels: { release: "prometheus" } },
      }),
    ).map((one) => recordOf(one.toJSON()));
    assert.ok(rendered.length > 60, String(rendered.length));
    for (const { kind, metadata } of rendered)
      assert.equal(recordOf(recordOf(metadata)["labels"])["team"], "platform", String(kind));
  });

  test("refuses values that widen what podtrust's pods may do, and the node's network without the webhook", async () => {
    const pods: readonly object[] = [
      { securityContext: { runAsUser: 0 } },
      { securityContext: { runAsNonRoot: false } },
      { securityContext: { seccompProfile: { type: "Unconfined" } } },
      { containerSecurityContext: { privileged: true } },
      { containerSecurityContext: { allowPrivilegeEscalation: true } },
      { containerSecurityContext: { capabilities: { add: ["SYS_ADMIN"] } } },
      { containerSecurityContext: { readOnlyRootFilesystem: false } },
      { volumes: [{ name: "host", hostPath: { path: "/" } }] },
      { volumes: [{ name: "config", emptyDir: {} }] },
      { volumeMounts: [{ name: "mine", mountPath: "/etc/podtrust" }] },
      { volumeMounts: [{ name: "mine", mountPath: "/mnt/../etc/podtrust" }] },
      { hostNetwork: true },
    ];
    for (const one of pods)
      await assert.rejects(
        helm.template({ image, operator: { enabled: true, pods: one } }),
        /operator[./]pods/u,
        JSON.stringify(one),
      );
    const hostNetwork = { enabled: true, config: "stack: prod", pods: { hostNetwork: true } };
    await assert.rejects(helm.template({ image, publisher: hostNetwork }), /hostNetwork/u);
    for (const key of ["app.kubernetes.io/name", "rbac.authorization.k8s.io/aggregate-to-admin"])
      await assert.rejects(
        helm.template({ image, commonLabels: { [key]: "true" } }),
        /invalid propertyName/u,
        key,
      );
  });
});
