/** Releases of earlier charts, upgraded by Helm with the values that they have: `helm upgrade --reuse-values`. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { chart, Helm } from "./charts/rendering.ts";
import { type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";

const config = JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com" });
const publisher = { enabled: true, expose: "node-port", config };
/** Charts of before by the commit that they are of, and what their mode was called. */
const earlier = { "0b0af9b": "way", "282057bf": "mode" } as const;

describe("a release of an earlier chart", { skip: leftOut() }, () => {
  let helm: Helm;
  let plane: ControlPlane;

  before(async () => {
    helm = await Helm.open();
    plane = await startControlPlane({ issuer: "https://oidc.example.com" });
    helm.kubeconfig = plane.adminKubeconfig;
  });
  after(async () => {
    await plane?.stop();
    helm?.close();
  });

  for (const [commit, mode] of Object.entries(earlier))
    test(`of ${commit} is upgraded with its own values alone, and keeps what they say, a false too`, async () => {
      const archive = resolve(import.meta.dirname, `charts/podtrust-of-${commit}.tgz`);
      const values = helm.valuesFile({
        image: "registry.example.com/podtrust:0.1.0",
        publisher: { ...publisher, [mode]: "https" },
        operator: { enabled: true, canary: false, evictPerMinute: 6 },
        injection: { enabled: true, mode: "configmap", warn: false },
        bindings: { enabled: true },
      });
      const flags = ["--namespace=podtrust", "--create-namespace", "--no-hooks"];
      await helm.run("install", "podtrust", archive, ...flags, `--values=${values}`);
      await helm.run("upgrade", "podtrust", chart, "--namespace=podtrust", "--no-hooks", "--reuse-values");
      const said = await helm.run("get", "manifest", "podtrust", "--namespace=podtrust");
      const objects = parseAllDocuments(said).map((one) => recordOf(one.toJSON()));
      const find = (kind: string, name: string): JsonRecord =>
        recordOf(objects.find((one) => one["kind"] === kind && recordOf(one["metadata"])["name"] === name));
      const service = recordOf(find("Service", "podtrust-publisher")["spec"]);
      assert.equal(service["type"], "NodePort");
      assert.deepEqual(
        recordsOf(service["ports"]).map(({ name }) => name),
        ["https"],
      );
      const template = recordOf(recordOf(find("Deployment", "podtrust-operator")["spec"])["template"]);
      const [container = {}] = recordsOf(recordOf(template["spec"])["containers"]);
      const args = container["args"] as readonly string[];
      for (const one of ["--no-canary", "--evict-per-minute=6", "--bindings", "--config-maps"])
        assert.ok(args.includes(one), one);
      assert.ok(!args.some((one) => one.startsWith("--for")));
      // What the earlier chart had no value for has this one's default.
      assert.deepEqual(recordOf(container["resources"])["limits"], { memory: "320Mi" });
      assert.equal(find("ValidatingAdmissionPolicy", "podtrust-injection-notes")["kind"], undefined);
      await helm.run("uninstall", "podtrust", "--namespace=podtrust", "--no-hooks");
      await plane.kubectl(["delete", "crd", "--all"]);
    });
});
