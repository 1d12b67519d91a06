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
});
