/** What a platform team sets of podtrust's pods, in the objects that are applied. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parsePodSettings } from "../../src/config/index.ts";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { chartParts } from "../../tools/chart/parts.ts";
import { objectsIn } from "../../tools/chart/template.ts";
import { podtrustHere } from "../support/cli.ts";

const image = "registry.example.com/podtrust:0.1.0";
const folder = mkdtempSync(join(tmpdir(), "podtrust-pod-settings-"));
const config = join(folder, "podtrust.yaml");
const publisher = { https: { acme: { challenge: "tls-alpn-01" } } };
writeFileSync(config, JSON.stringify({ stack: "prod", issuer: "https://oidc.example.com", publisher }));
const commands = {
  publisher: ["manifests", "publisher", "--file", config, "--image", image],
  operator: ["manifests", "operator", "--image", image],
} as const;

function run(command: readonly string[], pods: object) {
  const file = join(folder, "pods.yaml");
  writeFileSync(file, JSON.stringify(pods));
  return podtrustHere([...command, "--pods", file, "--json"]);
}

async function printed(command: readonly string[], pods: object): Promise<JsonRecord> {
  const { code, out, err } = await run(command, pods);
  assert.equal(code, 0, err);
  return recordOf(JSON.parse(out));
}

const objects = async (command: readonly string[], pods: object): Promise<readonly JsonRecord[]> =>
  recordsOf((await printed(command, pods))["items"]);

const named = (all: readonly JsonRecord[], kind: string, name?: string): JsonRecord =>
  recordOf(
    all.find(
      (one) => one["kind"] === kind && (name === undefined || recordOf(one["metadata"])["name"] === name),
    ),
  );

function podOf(all: readonly JsonRecord[], kind = "Deployment"): JsonRecord {
  return recordOf(recordOf(recordOf(named(all, kind)["spec"])["template"])["spec"]);
}

const containerOf = (pod: JsonRecord): JsonRecord => recordsOf(pod["containers"])[0] ?? {};
const labelsOf = (object: JsonRecord): JsonRecord => recordOf(recordOf(object["metadata"])["labels"]);

describe("settings of pods", () => {
  after(() => rmSync(folder, { recursive: true }));

  for (const [part, command] of Object.entries(commands)) {
    test(`give the ${part} more volumes beside its own, and its jobs none`, async () => {
      const volumes = [{ name: "company-ca", configMap: { name: "company-ca" } }];
      const volumeMounts = [{ name: "company-ca", mountPath: "/etc/ssl/company", readOnly: true }];
      const before = podOf(await objects(command, {}));
      const all = await objects(command, { volumes, volumeMounts });
      const pod = podOf(all);
      assert.deepEqual(pod["volumes"], [...recordsOf(before["volumes"]), ...volumes]);
      const mounts = recordsOf(containerOf(before)["volumeMounts"]);
      assert.deepEqual(containerOf(pod)["volumeMounts"], [...mounts, ...volumeMounts]);
      assert.equal(podOf(all, "Job")["volumes"], undefined);
    });

    test(`label every object of the ${part}, none of its pods, and leave its own labels`, async () => {
      const all = await objects(command, { commonLabels: { "example.com/owner": "platform" } });
      for (const one of all)
        assert.equal(labelsOf(one)["example.com/owner"], "platform", String(one["kind"]));
      const template = recordOf(recordOf(named(all, "Deployment")["spec"])["template"]);
      assert.equal(labelsOf(template)["example.com/owner"], undefined);
      assert.equal(labelsOf(named(all, "Deployment"))["app.kubernetes.io/name"], `podtrust-${part}`);
    });

    test(`annotate the ${part}'s own ServiceAccount, and no other`, async () => {
      const annotation = { "iam.gke.io/gcp-service-account": "podtrust@shop.iam.gserviceaccount.com" };
      const all = await objects(command, { serviceAccountAnnotations: annotation });
      const annotated = all.filter(
        (one) => "iam.gke.io/gcp-service-account" in recordOf(recordOf(one["metadata"])["annotations"]),
      );
      assert.deepEqual(
        annotated.map(({ kind, metadata }) => [kind, recordOf(metadata)["name"]]),
        [["ServiceAccount", `podtrust-${part}`]],
      );
    });

    test(`leave user and groups of the ${part}'s pods to the cluster by null, and what guards them as it is`, async () => {
      const none = { runAsUser: null, runAsGroup: null, fsGroup: null };
      const settings = {
        securityContext: none,
        containerSecurityContext: { seLinuxOptions: { level: "s0:c1,c2" } },
      };
      const pod = podOf(await objects(command, settings));
      assert.deepEqual(pod["securityContext"], {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      assert.deepEqual(containerOf(pod)["securityContext"], {
        seLinuxOptions: { level: "s0:c1,c2" },
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
      const values = await printed([...command, "--values"], settings);
      assert.deepEqual(recordOf(recordOf(values[part])["pods"])["securityContext"], none);
    });

    test(`leave out the ${part}'s NetworkPolicy or PodDisruptionBudget where another rule stands, and neither unasked`, async () => {
      const kinds = async (pods: object): Promise<readonly unknown[]> =>
        (await objects(command, pods))
          .map(({ kind }) => kind)
          .filter((kind) => kind === "NetworkPolicy" || kind === "PodDisruptionBudget");
      assert.deepEqual(await kinds({}), ["PodDisruptionBudget", "NetworkPolicy"]);
      assert.deepEqual(await kinds({ networkPolicy: false }), ["PodDisruptionBudget"]);
      assert.deepEqual(await kinds({ podDisruptionBudget: false }), ["NetworkPolicy"]);
    });

    test(`print the common labels once for the whole chart, beside the values of the ${part}`, async () => {
      const values = await printed([...command, "--values"], { commonLabels: { team: "platform" } });
      assert.deepEqual(values["commonLabels"], { team: "platform" });
      assert.equal("commonLabels" in recordOf(recordOf(values[part])["pods"]), false);
    });
  }

  test("give the webhook its node's network, where metrics and status are answered on loopback alone, and two pods have no room on one node", async () => {
    const all = await objects([...commands.operator, "--webhook"], { hostNetwork: true });
    const pod = podOf(all);
    assert.deepEqual([pod["hostNetwork"], pod["dnsPolicy"]], [true, "ClusterFirstWithHostNet"]);
    const args = containerOf(pod)["args"] as readonly string[];
    assert.deepEqual(
      args.filter((one) => one.startsWith("--listen=")),
      ["--listen=127.0.0.1:9891"],
    );
    const { strategy } = recordOf(named(all, "Deployment")["spec"]);
    assert.deepEqual(recordOf(strategy)["rollingUpdate"], { maxSurge: 0, maxUnavailable: 1 });
  });

  test("refuse the node's network where no webhook needs it", async () => {
    for (const [command, words] of [
      [commands.operator, /hostNetwork .* for the webhook alone/u],
      [[...commands.operator, "--values"], /hostNetwork .* for the webhook alone/u],
      [commands.publisher, /hostNetwork .* for the operator's webhook/u],
    ] as const) {
      const { code, out, err } = await run(command, { hostNetwork: true });
      assert.equal(code, 2, command.join(" "));
      assert.match(out + err, words);
    }
  });

  test("take no label as a common one that podtrust's objects have, and no name of a volume that its pods have", () => {
    const all = Object.values(chartParts).flatMap((part) =>
      recordsOf(
        objectsIn(
          part,
          part.choices.flat().map(() => 0),
        ),
      ),
    );
    const labels = new Set(all.flatMap((one) => Object.keys(labelsOf(one))));
    labels.delete("zz-common-labels");
    assert.ok(labels.size >= 3);
    for (const label of labels)
      assert.ok("problems" in parsePodSettings(JSON.stringify({ commonLabels: { [label]: "x" } })), label);
    const volumes = all.flatMap((one) => {
      const template = recordOf(recordOf(one["spec"])["template"]);
      return recordsOf(recordOf(template["spec"])["volumes"]).flatMap(({ name }) => name ?? []);
    });
    assert.ok(volumes.length >= 6);
    for (const name of volumes)
      assert.ok(
        "problems" in parsePodSettings(JSON.stringify({ volumes: [{ name, emptyDir: {} }] })),
        JSON.stringify(name),
      );
  });
});
