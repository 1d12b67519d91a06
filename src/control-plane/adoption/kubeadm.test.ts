import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { recordOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject, ObjectRef } from "../../providers/kubernetes/index.ts";
import { TestClock } from "../../../test/support/clock.ts";
import type { AdoptionContext } from "./gather.ts";
import { changeKubeadm, restoreKubeadm } from "./kubeadm.ts";

const [old, ours] = ["https://old.example.com", "https://oidc.example.com"];
const before = `# as kubeadm wrote it
apiServer: {}
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
`;

/** The ConfigMaps of a cluster that kubeadm made. */
function world(): {
  readonly text: () => string;
  readonly write: (text: string) => void;
  readonly kept: () => boolean;
  readonly context: AdoptionContext;
} {
  const configMap = (name: string, data: object): KubernetesObject => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "kube-system" },
    data,
  });
  const objects = new Map([
    ["kubeadm-config", configMap("kubeadm-config", { ClusterConfiguration: before })],
  ]);
  const put = async (object: KubernetesObject): Promise<KubernetesObject> => {
    objects.set(object.metadata.name, object);
    return object;
  };
  const api = {
    read: async ({ name }: ObjectRef) => objects.get(name),
    replace: put,
    apply: put,
    remove: async ({ name }: ObjectRef) => void objects.delete(name),
  };
  const context = {
    api,
    servers: [{ files: { distribution: "kubeadm" } }],
    clock: new TestClock(),
    signal: new AbortController().signal,
  } as unknown as AdoptionContext;
  return {
    text: () => textOf(recordOf(objects.get("kubeadm-config")?.["data"])["ClusterConfiguration"]) ?? "",
    write: (text) =>
      void objects.set("kubeadm-config", configMap("kubeadm-config", { ClusterConfiguration: text })),
    kept: () => objects.has("podtrust-adoption"),
    context,
  };
}

describe("kubeadm's own config", () => {
  test("is put back byte for byte after several changes, and what was kept is gone", async () => {
    const { text, kept, context } = world();
    const notices: string[] = [];
    const notice = (one: string): void => void notices.push(one);
    await changeKubeadm(context, { issuers: [old, ours], jwksUri: ours }, notice);
    await changeKubeadm(context, { issuers: [ours, old], jwksUri: ours }, notice);
    assert.match(text(), /value: https:\/\/oidc/u);
    assert.equal(kept(), true);
    await restoreKubeadm(context, notice);
    assert.deepEqual([text(), kept(), notices], [before, false, []]);
    // Again is nothing more.
    await restoreKubeadm(context, notice);
    assert.equal(text(), before);
  });

  test("keeps what kubeadm upgrade wrote since, also where podtrust wrote over it later", async () => {
    const { text, write, context } = world();
    const notices: string[] = [];
    const notice = (one: string): void => void notices.push(one);
    await changeKubeadm(context, { issuers: [old, ours] }, notice);
    write(text().replace("v1.36.3", "v1.37.2"));
    await changeKubeadm(context, { issuers: [ours, old] }, notice);
    await restoreKubeadm(context, notice);
    assert.match(text(), /kubernetesVersion: v1\.37\.2/u);
    assert.ok(!text().includes("example.com"), text());
    assert.match(
      notices.join(),
      /as kubeadm upgrade and podtrust rotate do: only the flags of the issuer went back/u,
    );
  });

  test("that is no longer a ClusterConfiguration stays, and is reported", async () => {
    const notices: string[] = [];
    for (const other of ["kind: Pod\n", "a: ["]) {
      const { text, write, context } = world();
      await changeKubeadm(context, { issuers: [old, ours] }, () => {});
      write(other);
      await changeKubeadm(context, { issuers: [old, ours] }, (one) => void notices.push(one));
      await restoreKubeadm(context, (one) => void notices.push(one));
      assert.equal(text(), other);
    }
    assert.equal(notices.length, 4, notices.join());
  });
});
