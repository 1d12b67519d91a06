import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manifestUser } from "./index.ts";

const manifest = (pod: object, container: object = {}): object => ({
  spec: {
    securityContext: pod,
    containers: [
      { name: "sidecar", securityContext: { runAsUser: 7, runAsGroup: 7 } },
      { name: "kube-apiserver", securityContext: container },
    ],
  },
});

describe("the user of a static pod's API server", () => {
  test("is root where the manifest says nothing else, and is then none that files are given to", () => {
    for (const pod of [{}, { runAsUser: 0, runAsGroup: 0 }, { seccompProfile: { type: "RuntimeDefault" } }])
      assert.deepEqual(manifestUser(manifest(pod)), { value: undefined });
    assert.deepEqual(manifestUser({ kind: "Pod" }), { value: undefined });
  });

  test("reads by its own group, as kubeadm names it, and has those beside it", () => {
    const rootless = { runAsUser: 995, runAsGroup: 994, supplementalGroups: [990], fsGroup: 80 };
    assert.deepEqual(manifestUser(manifest(rootless)), {
      value: { uid: 995, group: 994, groups: [994, 990, 80] },
    });
    assert.deepEqual(manifestUser(manifest({ runAsUser: 995, fsGroup: 80 })), {
      value: { uid: 995, group: 80, groups: [80] },
    });
  });

  test("is the container's where that has one, and no other container's", () => {
    const both = manifest({ runAsUser: 1, runAsGroup: 2 }, { runAsUser: 995, runAsGroup: 994 });
    assert.deepEqual(manifestUser(both), { value: { uid: 995, group: 994, groups: [994] } });
    assert.deepEqual(manifestUser(manifest({ runAsUser: 1, runAsGroup: 2 }, { runAsUser: 0 })), {
      value: undefined,
    });
  });

  test("is refused where nothing could be given to it: without a group, by a name, of an image", () => {
    for (const pod of [
      { runAsUser: 995 },
      { runAsUser: "995", runAsGroup: 994 },
      { runAsUser: 995, runAsGroup: "994" },
      { runAsUser: -1, runAsGroup: 994 },
      { runAsUser: 995, runAsGroup: 994, supplementalGroups: ["x"] },
      { runAsNonRoot: true },
    ])
      assert.ok("fault" in manifestUser(manifest(pod)), JSON.stringify(pod));
  });
});
