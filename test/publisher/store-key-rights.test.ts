/** What the manifests say of the key that proves what replicas share. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { publisherObjects, publisherSpec } from "../../src/publisher/index.ts";
import { defaultPodSettings } from "../../src/config/index.ts";
import { parse } from "../support/config-text.ts";

const text = `stack: test
issuer: https://oidc.example.test
publisher: {https: {acme: {}}}
`;

async function rendered(): Promise<readonly JsonRecord[]> {
  const spec = await publisherSpec(await parse(text), {
    namespace: "podtrust",
    name: "podtrust-publisher",
    image: "registry.example.com/podtrust:1",
    replicas: 2,
    expose: "load-balancer",
    apiServerPort: 6443,
    monitoringNamespaces: ["monitoring"],
    priorityClass: "",
    environmentSecret: "podtrust-publisher-environment",
    pods: defaultPodSettings,
  });
  return recordsOf(publisherObjects(spec));
}

const nameOf = (object: JsonRecord): unknown => recordOf(object["metadata"])["name"];

/** The names of Secrets that an account may have, by verb. */
function secretsOf(objects: readonly JsonRecord[], account: string): readonly string[] {
  const bindings = objects.filter(
    ({ kind, subjects }) =>
      kind === "RoleBinding" && recordsOf(subjects).some(({ name }) => name === account),
  );
  const roles = bindings.map(({ roleRef }) => recordOf(roleRef)["name"]);
  return objects
    .filter((object) => object["kind"] === "Role" && roles.includes(nameOf(object)))
    .flatMap(({ rules }) => recordsOf(rules))
    .filter(({ resources }) => Array.isArray(resources) && resources.includes("secrets"))
    .flatMap(({ resourceNames, verbs }) => `${String(resourceNames)}: ${String(verbs)}`);
}

describe("the key that proves what replicas share", () => {
  test("is out of reach of the replicas' own rights, and its Job reaches nothing else", async () => {
    const objects = await rendered();
    assert.deepEqual(secretsOf(objects, "podtrust-publisher"), ["podtrust-publisher: get,update"]);
    assert.deepEqual(secretsOf(objects, "podtrust-publisher-store-key"), [
      "podtrust-publisher-store-key: get,update",
    ]);
  });

  test("is in no manifest: rendered again each minute they are the same, with two Secrets that hold nothing", async () => {
    const [first, second] = [await rendered(), await rendered()];
    assert.deepEqual(first, second);
    const secrets = first.filter(({ kind }) => kind === "Secret");
    assert.deepEqual(secrets.map(nameOf), ["podtrust-publisher", "podtrust-publisher-store-key"]);
    for (const secret of secrets)
      assert.deepEqual([secret["data"], secret["stringData"]], [undefined, undefined]);
  });

  test("is made by a hook that waits for no pod: pods may wait for the key", async () => {
    const job = (await rendered()).find(({ kind }) => kind === "Job");
    assert.deepEqual(recordOf(job?.["metadata"])["annotations"], {
      "helm.sh/hook": "post-install,post-upgrade",
      "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      "argocd.argoproj.io/hook": "Sync",
    });
  });
});
