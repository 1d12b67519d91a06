/**
 * OpenBao's token by the API server itself: what `podtrust manifests injection --for openbao` prints is applied, and each pod
 * of the list is made by a server-side dry run.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { type JsonRecord, recordOf, recordsOf } from "../../src/core/base/index.ts";
import { inject, injectionConfigMap, injectOpenBao } from "../../src/rules/injection/index.ts";
import { podtrustHere } from "../support/cli.ts";
import { openbaoCases } from "../support/openbao-cases.ts";
import { until } from "../support/until.ts";
import { type Answer, type ControlPlane, leftOut, startControlPlane } from "./harness/index.ts";
import { podEssence } from "./injection/pod-essence.ts";

const address = "https://bao.example.com:8200";
const asking = { "openbao.podtrust.dev/address": address };
const role = "arn:aws:iam::111122223333:role/web";

describe("the API server's injection for OpenBao", { skip: leftOut() }, () => {
  let plane: ControlPlane;

  const create = async (path: string, body: unknown): Promise<void> => {
    const { status, text } = await plane.ask(path, { method: "POST", body });
    assert.equal(status, 201, `${path}: ${text}`);
  };

  const make = (pod: JsonRecord, namespace = "shop"): Promise<Answer> => {
    const metadata = { generateName: "case-", ...recordOf(pod["metadata"]) };
    const body = { apiVersion: "v1", kind: "Pod", ...pod, metadata };
    return plane.ask(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, { method: "POST", body });
  };

  async function made(pod: JsonRecord, namespace?: string): Promise<JsonRecord> {
    const { status, text } = await make(pod, namespace);
    assert.equal(status, 201, text);
    return JSON.parse(text) as JsonRecord;
  }

  async function apply(...typed: readonly string[]): Promise<void> {
    const { out, err, code } = await podtrustHere(typed);
    assert.equal(code, 0, err);
    await plane.kubectl(["apply", "--server-side", "-f", "-"], out);
  }

  const account = (annotations: object): JsonRecord => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "web", annotations },
    automountServiceAccountToken: false,
  });
  const annotated = { "eks.amazonaws.com/role-arn": role };

  before(async () => {
    plane = await startControlPlane({ version: "1.36", issuer: "https://oidc.example.com" });
    const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };
    for (const [name, labels, annotations] of [
      ["shop", {}, {}],
      ["both", {}, annotated],
      ["strict", restricted, {}],
    ] as const) {
      await create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
      await create(`/api/v1/namespaces/${name}/serviceaccounts`, account(annotations));
    }
    await apply("manifests", "injection", "--for", "openbao");
    const probe = openbaoCases.find(({ name }) => name === "one-container");
    await until("the policy is in force", async () =>
      (await make(probe?.pod ?? {})).text.includes("openbao-token"),
    );
  });
  after(() => plane?.stop());

  test("makes of every case's pod what the function makes of it", async () => {
    for (const { name, pod, injected = pod } of openbaoCases)
      assert.deepEqual(podEssence(await made(pod)), podEssence(injected), name);
  });

  test("gives a pod that asks for both a volume and a token of each, and one that asks for AWS what it had before", async () => {
    await create("/api/v1/namespaces/both/configmaps", injectionConfigMap("both", [account(annotated)]));
    await apply("manifests", "injection", "--mode", "configmap");
    const pod = {
      metadata: {},
      spec: { serviceAccountName: "web", containers: [{ name: "web", image: "web" }] },
    };
    await until("the policy for AWS is in force", async () =>
      (await make(pod, "both")).text.includes("aws-iam-token"),
    );
    const around = { serviceAccount: account(annotated), namespace: { metadata: {} } };
    const alone = inject(pod, around).pod;
    assert.deepEqual(podEssence(await made(pod, "both")), podEssence(alone));
    const asks = { ...pod, metadata: { annotations: asking } };
    // Which of two policies comes first the API server decides.
    const either = [injectOpenBao(inject(asks, around).pod), inject(injectOpenBao(asks), around).pod];
    const answer = await made(asks, "both");
    assert.ok(
      either.some((one) => isDeepStrictEqual(podEssence(answer), podEssence(one))),
      JSON.stringify(podEssence(answer)),
    );
    assert.equal(recordsOf(recordOf(answer["spec"])["volumes"]).length, 2);
  });

  test("is let through where PodSecurity is restricted and no container is root", async () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      runAsUser: 1000,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    };
    const pod = await made(
      {
        metadata: { annotations: { ...asking, "openbao.podtrust.dev/ca-config-map": "bao-ca" } },
        spec: { serviceAccountName: "web", containers: [{ name: "web", image: "web", securityContext }] },
      },
      "strict",
    );
    assert.match(JSON.stringify(pod["spec"]), /"audience":"https:\/\/bao\.example\.com:8200".*"bao-ca"/u);
  });
});
