import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defined, PodtrustError } from "../../core/base/index.ts";
import type { KubernetesApi, KubernetesObject, ObjectQuery } from "../../providers/kubernetes/index.ts";
import { clusterObjects } from "./cluster-objects.ts";

const { signal } = new AbortController();
const lastProof = "2026-11-28T11:30:00Z";

const ready = (status: string, reason: string, message = ""): object => ({
  conditions: [
    { type: "Granted", status: "True", reason: "BindingGranted", message: "" },
    { type: "Ready", status, reason, message },
  ],
});

function objectOf(kind: string, name: string, status?: object): KubernetesObject {
  const metadata = { namespace: "shop", name };
  return { apiVersion: "podtrust.dev/v1alpha1", kind, metadata, ...defined({ status }) };
}

/** A cluster that has these objects, and knows these resources of ours; a list of anything else is refused. */
function clusterWith(objects: readonly KubernetesObject[], served: readonly string[]) {
  const asked: string[] = [];
  const list = ({ kind }: ObjectQuery): Promise<readonly KubernetesObject[]> => {
    asked.push(kind);
    return Promise.resolve(objects.filter((one) => one.kind === kind));
  };
  const servedResources = (): Promise<readonly string[]> => Promise.resolve(served);
  return { asked, api: { list, servedResources } as Partial<KubernetesApi> as KubernetesApi };
}

describe("bindings of a cluster", () => {
  test("are of every kind that is installed, with what each ServiceAccount becomes and whether it is Ready", async () => {
    const arn = "arn:aws:iam::111122223333:role/web";
    const id =
      "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/workloads/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web";
    const email = "web@shop-project.iam.gserviceaccount.com";
    const principal = "principal://iam.googleapis.com/projects/1/subject/x";
    const { api } = clusterWith(
      [
        objectOf("AWSRoleBinding", "web", {
          ...ready("True", "TokenAccepted"),
          roles: [{ profile: "default", arn }],
          lastProof,
        }),
        objectOf("AzureIdentityBinding", "web", {
          ...ready("Unknown", "CredentialSettling", "a minute"),
          identities: [{ id }],
        }),
        objectOf("GCPServiceAccountBinding", "web", {
          ...ready("False", "EmailNotGranted", "no grant"),
          principal,
          emails: [email],
        }),
        objectOf("GCPServiceAccountBinding", "direct", { principal, emails: [] }),
        objectOf("GCPServiceAccountBinding", "new"),
      ],
      ["awsrolebindings", "awstrusts", "azureidentitybindings", "gcpserviceaccountbindings"],
    );
    const { bindings, unseen } = await clusterObjects(api, signal);
    assert.deepEqual(unseen, []);
    assert.deepEqual(bindings, [
      {
        namespace: "shop",
        name: "web",
        kind: "AWSRoleBinding",
        becomes: [arn],
        ready: { status: "True", reason: "TokenAccepted", message: "" },
        lastProof,
      },
      {
        namespace: "shop",
        name: "web",
        kind: "AzureIdentityBinding",
        becomes: [id],
        ready: { status: "Unknown", reason: "CredentialSettling", message: "a minute" },
      },
      {
        namespace: "shop",
        name: "web",
        kind: "GCPServiceAccountBinding",
        becomes: [email],
        ready: { status: "False", reason: "EmailNotGranted", message: "no grant" },
      },
      { namespace: "shop", name: "direct", kind: "GCPServiceAccountBinding", becomes: [principal] },
      { namespace: "shop", name: "new", kind: "GCPServiceAccountBinding", becomes: [] },
    ]);
  });

  test("of a kind that is not installed are none, and they are not requested", async () => {
    const { api, asked } = clusterWith([], ["gcpserviceaccountbindings"]);
    assert.deepEqual((await clusterObjects(api, signal)).bindings, []);
    assert.deepEqual(asked.toSorted(), ["GCPServiceAccountBinding", "Pod", "ServiceAccount"]);
  });

  test("are not seen where the cluster does not say which kinds it has, and the rest is", async () => {
    const { api } = clusterWith([objectOf("ServiceAccount", "web")], []);
    const fault = new PodtrustError("cluster-not-ready", "it answered 503");
    const found = await clusterObjects({ ...api, servedResources: () => Promise.reject(fault) }, signal);
    assert.deepEqual(found.bindings, []);
    assert.deepEqual(
      found.unseen.map(({ what, why }) => [what, why]),
      [["bindings of the cluster", fault.message]],
    );
    assert.deepEqual(found.serviceAccounts, [{ namespace: "shop", name: "web" }]);
  });
});
