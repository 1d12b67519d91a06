/** What `podtrust manifests signer` prints; the rights that it prints are used in test/cluster/signer/. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { recordOf, recordsOf } from "../../src/core/base/index.ts";
import { podtrustHere } from "../support/cli.ts";

const issuer = "https://oidc.example.com";

interface Printed {
  readonly files: readonly { readonly path?: string; readonly text: string; readonly next: string }[];
}

async function printed(...args: readonly string[]): Promise<Printed["files"]> {
  const { code, out, err } = await podtrustHere([
    "manifests",
    "signer",
    "--json",
    "--issuer",
    issuer,
    ...args,
  ]);
  assert.equal(code, 0, err);
  return (JSON.parse(out) as Printed).files;
}

describe("the files that have API servers ask a signer", () => {
  test("are not for k3s and RKE2, whose flags of key files can be emptied and not left out", async () => {
    for (const distribution of ["k3s", "rke2"]) {
      const { code } = await podtrustHere([
        "manifests",
        "signer",
        "--issuer",
        issuer,
        "--distribution",
        distribution,
      ]);
      assert.equal(code, 2, distribution);
    }
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

  test("a unit whose keys a program holds names it, reads its settings, and sees the machine's devices", async () => {
    const holder = "pkcs11=/usr/local/bin/podtrust-pkcs11";
    const [service] = await printed("--distribution", "other", "--holder", holder);
    const lines = service?.text.split("\n") ?? [];
    assert.ok(lines.some((line) => line.startsWith("ExecStart=") && line.includes(`--holder ${holder}`)));
    assert.ok(lines.includes("EnvironmentFile=-/etc/podtrust-signer.env"));
    assert.ok(!lines.includes("PrivateDevices=yes"));
    const [plain] = await printed("--distribution", "other");
    assert.ok(plain !== undefined && plain.text.includes("\nPrivateDevices=yes\n"));
    assert.ok(!plain.text.includes("EnvironmentFile"));
  });

  test("a unit and a static pod give all threads one heap of glibc's, which keeps the signer small", async () => {
    const [service] = await printed("--distribution", "other");
    assert.ok(service?.text.includes("\nEnvironment=MALLOC_ARENA_MAX=1\n"));
    const { signerFiles } = await import("../../src/signer/manifests/index.ts");
    const command = ["--service-account-key-file=a", "--service-account-signing-key-file=b"];
    const container = { command: ["kube-apiserver", ...command], volumeMounts: [] };
    const [pod] = signerFiles({
      distribution: "kubeadm",
      image: "podtrust",
      program: "/usr/local/bin/podtrust",
      manifest: { spec: { containers: [container], volumes: [] } },
      issuers: [issuer],
      peers: [],
      holders: [],
    });
    assert.match(pod?.text ?? "", /env:\n +- name: MALLOC_ARENA_MAX\n +value: "1"/u);
  });

  test("a unit starts no words but those of its command line", async () => {
    for (const args of [
      ["--program", "/opt/x\nExecStartPre=/bin/evil"],
      ["--program", "podtrust"],
      ["--holder", "pkcs11=/opt/x --peer"],
      ["--holder", "file=/usr/local/bin/x"],
      ["--holder", "pkcs11=podtrust-pkcs11"],
      ["--peer", "https://10.0.0.1:6443/x"],
      ["--peer", "http://10.0.0.1:6443"],
      ["--issuer", "https://%n.example.com"],
      ["--issuer", "https://oidc.example.com --peer"],
      ["--issuer", "https://b.example.com", "https://c.example.com"],
    ]) {
      const typed = ["manifests", "signer", "--distribution", "other", "--issuer", issuer, ...args];
      const { code } = await podtrustHere(typed);
      assert.equal(code, 2, args.join(" "));
    }
  });

  test("kubeadm's flags are patched by the manifest that is there, and not without one", async () => {
    const { code, err } = await podtrustHere([
      "manifests",
      "signer",
      "--issuer",
      issuer,
      "--distribution",
      "kubeadm",
    ]);
    assert.equal(code, 2);
    assert.match(err, /--manifest is missing/u);
    const other = ["manifests", "signer", "--distribution", "other"];
    const image = await podtrustHere([...other, "--issuer", issuer, "--image", "x"]);
    assert.equal(image.code, 2);
  });
});
