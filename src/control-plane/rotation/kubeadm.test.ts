import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesApi, KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { ApiServerFlags, ControlPlaneServer } from "../servers/index.ts";
import { keepKeysInKubeadm } from "./kubeadm.ts";

const pki = "/etc/kubernetes/pki";
const own = { issuers: [], keyFiles: [`${pki}/sa.pub`], signingKeyFile: `${pki}/sa.key` };
const prepared = { ...own, keyFiles: [`${pki}/sa.pub`, `${pki}/podtrust-sa-next.pub`] };
const promoted = {
  issuers: [],
  keyFiles: [`${pki}/podtrust-sa-next.pub`],
  signingKeyFile: `${pki}/podtrust-sa-next.key`,
};
const { signal } = new AbortController();

/** kubeadm's config of a version, and what it says after API servers ran with these flags one after the other. */
async function kept(
  version: "v1beta3" | "v1beta4",
  moves: readonly (readonly ApiServerFlags[])[],
  distribution = "kubeadm",
): Promise<{ readonly texts: readonly string[]; readonly notices: readonly string[] }> {
  const first = `apiServer: {} # kept\napiVersion: kubeadm.k8s.io/${version}\nkind: ClusterConfiguration\n`;
  let object: KubernetesObject = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kubeadm-config", namespace: "kube-system" },
    data: { ClusterConfiguration: first },
  };
  const cluster = {
    read: async () => object,
    replace: async (other: KubernetesObject) => (object = other),
  } as unknown as KubernetesApi;
  const texts = [first];
  const notices: string[] = [];
  for (const flags of moves) {
    const servers = flags.map((one) => ({
      files: { distribution },
      api: { whatRuns: async () => ({ starts: one }) },
    }));
    await keepKeysInKubeadm(servers as unknown as readonly ControlPlaneServer[], cluster, {
      signal,
      notice: (text) => void notices.push(text),
    });
    texts.push((object["data"] as { ClusterConfiguration: string }).ClusterConfiguration);
  }
  return { texts, notices };
}

test("kubeadm's config names the key files with which the API servers run, so that an upgrade keeps them", async () => {
  const { texts, notices } = await kept("v1beta4", [
    [own, own],
    [prepared, prepared],
    [promoted, promoted],
  ]);
  const [first = "", untouched, next = "", signs = ""] = texts;
  assert.equal(untouched, first);
  assert.match(next, /service-account-key-file\n +value: \S+sa\.pub\n.*\n +value: \S+podtrust-sa-next\.pub/u);
  assert.ok(!next.includes("signing-key-file"), next);
  assert.match(signs, /service-account-signing-key-file\n +value: \S+podtrust-sa-next\.key/u);
  assert.ok(!signs.includes("pki/sa."), signs);
  assert.deepEqual(notices, []);
});

test("kubeadm's config stays, with a notice, if it cannot hold two keys, or the API servers name different files", async () => {
  const old = await kept("v1beta3", [[prepared], [promoted]]);
  assert.equal(old.texts[1], old.texts[0]);
  assert.match(old.texts[2] ?? "", /service-account-key-file: \S+podtrust-sa-next\.pub/u);
  assert.match(
    old.notices.join(),
    /v1beta3, which holds one --service-account-key-file.*After each kubeadm upgrade/u,
  );
  const mixed = await kept("v1beta4", [[own, promoted]]);
  assert.equal(mixed.texts[1], mixed.texts[0]);
  assert.match(mixed.notices.join(), /name different key files/u);
});

test("kubeadm's config is not asked for where k3s runs the API servers", async () => {
  const { texts, notices } = await kept("v1beta4", [[promoted], []], "k3s");
  assert.deepEqual([texts[2], notices], [texts[0], []]);
});
