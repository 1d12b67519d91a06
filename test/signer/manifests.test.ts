/** What `podtrust manifests signer` prints; the rights that it prints are used in test/cluster/signer/. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";

interface Printed {
  readonly files: readonly { readonly path?: string; readonly text: string; readonly next: string }[];
}

async function printed(...args: readonly string[]): Promise<Printed["files"]> {
  const { code, out, err } = await podtrustHere(["manifests", "signer", "--json", ...args]);
  assert.equal(code, 0, err);
  return (JSON.parse(out) as Printed).files;
}

describe("the files that have API servers ask a signer", () => {
  for (const [distribution, unit] of [
    ["k3s", "k3s.service"],
    ["rke2", "rke2-server.service"],
  ] as const)
    test(`${distribution} starts the signer first, and empty values take the place of its own flags`, async () => {
      const [service, config] = await printed("--distribution", distribution);
      assert.match(service?.text ?? "", new RegExp(`^Before=${unit}$`, "mu"));
      assert.equal(config?.path, `/etc/rancher/${distribution}/config.yaml.d/podtrust-signer.yaml`);
      const [document] = parseAllDocuments(config?.text ?? "");
      assert.deepEqual(recordOf(document?.toJS())["kube-apiserver-arg+"], [
        "service-account-signing-key-file=",
        "service-account-key-file=",
        "service-account-signing-endpoint=/var/lib/podtrust-signer/run/signer.sock",
      ]);
    });

  test("a signer of several control planes asks each, and its certificate's user may read the keys", async () => {
    const [rights, service] = await printed(
      "--distribution",
      "other",
      "--peer",
      "https://10.0.0.1:6443",
      "https://10.0.0.2:6443",
    );
    const objects = parseAllDocuments(rights?.text ?? "").map((one) => recordOf(one.toJS()));
    assert.deepEqual(recordsOf(objects[0]?.["rules"]), [
      { nonResourceURLs: ["/openid/v1/jwks"], verbs: ["get"] },
    ]);
    assert.match(
      service?.text ?? "",
      /--peer https:\/\/10\.0\.0\.1:6443 --peer https:\/\/10\.0\.0\.2:6443 --peer-ca/u,
    );
  });

  test("a unit starts no words but those of its command line", async () => {
    for (const args of [
      ["--program", "/opt/x\nExecStartPre=/bin/evil"],
      ["--program", "podtrust"],
      ["--peer", "https://10.0.0.1:6443/x"],
      ["--peer", "http://10.0.0.1:6443"],
    ]) {
      const { code } = await podtrustHere(["manifests", "signer", "--distribution", "k3s", ...args]);
      assert.equal(code, 2, args.join(" "));
    }
  });

  test("kubeadm's flags are patched by the manifest that is there, and not without one", async () => {
    const { code, err } = await podtrustHere(["manifests", "signer", "--distribution", "kubeadm"]);
    assert.equal(code, 2);
    assert.match(err, /--manifest is missing/u);
    const image = await podtrustHere(["manifests", "signer", "--distribution", "k3s", "--image", "x"]);
    assert.equal(image.code, 2);
  });
});
