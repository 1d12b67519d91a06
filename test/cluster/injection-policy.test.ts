/**
 * The list of test/injection/cases/ by the API server itself: what `podtrust manifests injection` prints is applied, each
 * pod is made by a server-side dry run, and is the pod that the case says.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { mapLimit, type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { injectionConfigMap, namespaceLabel } from "../../src/rules/injection/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { expectedPod, type InjectionCase, injectionCases } from "../support/injection-cases.ts";
import {
  type ApiAnswer,
  type ControlPlane,
  type KubernetesVersion,
  leftOut,
  startControlPlane,
  testedVersions,
} from "./harness/index.ts";
import { policyGate } from "./injection/policy-gate.ts";
import { podEssence } from "./injection/pod-essence.ts";
import { until } from "../support/until.ts";

const skip = leftOut(testedVersions);

const namespaceOf = ({ name }: InjectionCase): string => `case-${name}`;
const accountOf = ({ pod }: InjectionCase): string => String(recordOf(pod["spec"])["serviceAccountName"]);
const account = (one: InjectionCase): JsonRecord => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: accountOf(one), annotations: one.serviceAccount },
  // So that a pod has no volume but its own.
  automountServiceAccountToken: false,
});

function suite(version: KubernetesVersion): void {
  let plane: ControlPlane;

  const create = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.ask(path, { method: "POST", body });
    assert.ok(status === 201 || status === 409, `${path}: ${status} ${text}`);
  };

  before(async () => {
    plane = await startControlPlane({
      version,
      issuer: "https://oidc.example.com",
      extraArgs: policyGate(version),
    });
    await mapLimit(injectionCases, async (one) => {
      const labels = { [namespaceLabel.key]: namespaceLabel.value };
      const metadata = { name: namespaceOf(one), annotations: one.namespace ?? {}, labels };
      await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
      await create(`/api/v1/namespaces/${namespaceOf(one)}/serviceaccounts`, account(one));
      const object = injectionConfigMap(namespaceOf(one), [account(one)]);
      await create(`/api/v1/namespaces/${namespaceOf(one)}/configmaps`, object);
    });
  });
  after(() => plane?.stop());

  /** Makes the case's pod for show. A pod without a name gets one, as from a controller, and has none at admission. */
  async function make(one: InjectionCase, more: JsonRecord = {}): Promise<ApiAnswer> {
    const metadata = { ...recordOf(one.pod["metadata"]), ...more };
    const named = "name" in metadata || "generateName" in metadata;
    const body = {
      apiVersion: "v1",
      kind: "Pod",
      ...one.pod,
      metadata: named ? metadata : { ...metadata, generateName: "case-" },
    };
    return plane.ask(`/api/v1/namespaces/${namespaceOf(one)}/pods?dryRun=All`, { method: "POST", body });
  }

  /** Applies the policies, and waits until the last case's ServiceAccount is known to them. */
  async function apply(...options: readonly string[]): Promise<void> {
    const { out, err, code } = await podtrustHere([
      "manifests",
      "injection",
      "--kubernetes",
      version,
      ...options,
    ]);
    assert.equal(code, 0, err);
    await plane.kubectl(["apply", "--server-side", "-f", "-"], out);
    const probe = injectionCases.find(({ name }) => name === "everything");
    assert.ok(probe !== undefined);
    const [kind] = options.includes("configmap") ? ["ConfigMap"] : ["ServiceAccount"];
    const reads = async (): Promise<boolean> => {
      const warned = (await make(probe, { labels: { "eks.amazonaws.com/skip-pod-identity-webhook": "" } }))
        .warnings;
      const injected = (await make(probe)).text.includes("aws-iam-token");
      return injected && warned.some((text) => text.includes("InjectionSkipped"));
    };
    await until(`the policies of mode ${kind} are in force`, reads);
  }

  /** What the policies said of annotations. */
  function notesOf({ warnings }: ApiAnswer): readonly string[] {
    return warnings.flatMap((text) => {
      const [, note] = /podtrust: InjectionAnnotationInvalid: ([^]*)$/u.exec(text) ?? [];
      return note === undefined ? [] : [note];
    });
  }

  // The versions do not differ in how parameters are found.
  for (const mode of version === "1.36" ? ["serviceaccounts", "configmap"] : ["configmap"]) {
    test(`every case's pod is made as it says, with parameters from ${mode}`, async () => {
      await apply("--mode", mode);
      const made = await mapLimit(injectionCases, async (one) => ({ one, answer: await make(one) }));
      for (const { one, answer } of made) {
        assert.equal(answer.status, 201, `${one.name}: ${answer.text}`);
        const pod = JSON.parse(answer.text) as JsonRecord;
        assert.deepEqual(podEssence(pod), podEssence(expectedPod(one)), one.name);
        const notes = notesOf(answer);
        // Of several profiles with the same mistake the first is told.
        for (const note of notes) assert.ok(one.notes?.includes(note), `${one.name}: ${note}`);
        assert.equal(
          notes.length > 0,
          (one.notes ?? []).length > 0,
          `${one.name}: ${answer.warnings.join("\n")}`,
        );
        const skipped = answer.warnings.some((text) => text.includes("podtrust: InjectionSkipped: "));
        assert.equal(skipped, one.untouched === "InjectionSkipped" || one.name === "aws-skip-all", one.name);
        assert.ok(!answer.warnings.some((text) => text.includes("PodNotInjected")), one.name);
        const placeless = answer.warnings.some((text) => text.includes("podtrust: PodTokenNotMounted: "));
        assert.equal(placeless, one.name === "mount-paths-taken", one.name);
      }
    });
  }

  test("a ServiceAccount gets the role of its own line, wherever that stands and whatever others are called", async () => {
    await apply("--mode", "configmap");
    const lines = { "a.web": "first", web: "second", empty: "", web2: "last" };
    const roleOf = (name: string): string => (name === "" ? "" : `arn:aws:iam::111122223333:role/${name}`);
    await create("/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "lines" },
    });
    for (const name of [...Object.keys(lines), "none"])
      await create("/api/v1/namespaces/lines/serviceaccounts", {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name },
      });
    const texts = Object.entries(lines).map(([name, value]) => `${name}=${roleOf(value)}`);
    await create("/api/v1/namespaces/lines/configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "podtrust-injection" },
      data: { "role-arn": texts.join("\n") },
    });
    const given = async (serviceAccountName: string): Promise<unknown> => {
      const spec = { serviceAccountName, containers: [{ name: "app", image: "example.test/app:1" }] };
      const { status, text } = await plane.ask("/api/v1/namespaces/lines/pods?dryRun=All", {
        method: "POST",
        body: { apiVersion: "v1", kind: "Pod", metadata: { name: "tried" }, spec },
      });
      assert.equal(status, 201, text);
      const [app] = recordsOf(recordOf((JSON.parse(text) as JsonRecord)["spec"])["containers"]);
      return recordsOf(app?.["env"]).find(({ name }) => name === "AWS_ROLE_ARN")?.["value"];
    };
    await until("the ConfigMap is known", async () => (await given("web2")) !== undefined);
    for (const [name, value] of Object.entries(lines))
      assert.equal(await given(name), value === "" ? undefined : roleOf(value), name);
    assert.equal(await given("none"), undefined);
  });
}

for (const version of testedVersions)
  describe(`injection by Kubernetes ${version}`, { skip }, () => suite(version));
