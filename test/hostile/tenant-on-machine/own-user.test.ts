/** An API server that runs as a user of its own, as kubeadm's RootlessControlPlane has it, beside a tenant's user on the machine. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { everyTools, refusedFor, startTenantHost, type TenantHost, whyNoTenantHost } from "./tenant-host.ts";

const { signal } = new AbortController();
const pki = "/etc/kubernetes/pki";
const manifests = "/etc/kubernetes/manifests";
const path = `${manifests}/kube-apiserver.yaml`;
const [own, group, readers] = [995, 994, 990];
const manifest = `apiVersion: v1
kind: Pod
spec:
  securityContext: {runAsUser: ${own}, runAsGroup: ${group}, supplementalGroups: [${readers}]}
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --service-account-key-file=${pki}/sa.pub
    - --service-account-signing-key-file=${pki}/sa.key
`;

const publicPem = (): string => {
  const { publicKey }: { readonly publicKey: KeyObject } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return publicKey.export({ type: "spki", format: "pem" });
};

for (const tools of everyTools) {
  describe(`an API server with a user of its own, with ${tools}`, { skip: whyNoTenantHost() }, () => {
    let at: TenantHost;
    before(async () => {
      at = await startTenantHost(tools);
    });
    after(() => at?.stop());
    // As kubeadm leaves them (cmd/kubeadm/app/util/staticpod: runKubeAPIServerAsNonRoot).
    beforeEach(() =>
      at.asRoot(`rm -rf /etc/kubernetes
mkdir -p ${pki} ${manifests}
cd ${pki}
(umask 077; openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null)
chown 0:${readers} sa.key; chmod 0640 sa.key; chown ${own}:${group} sa.pub; chmod 0600 sa.pub
cat >${path} <<'END'
${manifest}END
chmod 0600 ${path}`),
    );
    const facts = (name: string): Promise<string> => at.asRoot(`stat -c '%u:%g %a' ${pki}/${name}`);
    const readsAs = async (user: string, name: string): Promise<boolean> => {
      const { code } = await at.machine.session.run(
        `exec setpriv ${user} /bin/cat ${pki}/${name} >/dev/null 2>&1`,
        { timeoutMs: 60_000 },
      );
      return code === 0;
    };

    test("reads the keys that are written for it by its own group, and the tenant reads none of them", async () => {
      const files = new KubeadmFiles(at.machine, "rotate");
      const { verifiers, signer: signing } = await files.readKeys(signal);
      assert.deepEqual(
        verifiers.map(({ kid }) => kid),
        [signing.kid],
      );
      const made = await new MachineKeys(at.machine, pki).make("ES256", signal);
      const verifier = publicPem();
      const first = await at.asRoot(`cat ${pki}/sa.pub`);
      await files.writeKeys({ verifiers: [first, verifier, made.publicKey], signerThere: made }, signal);
      const names = (await at.asRoot(`cd ${pki}; ls podtrust-sa-*`)).trim().split("\n");
      assert.equal(names.length, 3);
      for (const name of names) {
        assert.equal(await facts(name), `0:${group} 640\n`, name);
        assert.ok(await readsAs(`--reuid=${own} --regid=${group} --groups=${readers}`, name), name);
        assert.ok(!(await readsAs("--reuid=12345 --regid=12345 --clear-groups", name)), name);
      }
      assert.equal(await facts("sa.pub"), `${own}:${group} 600\n`);
      // Kept once more under its name, it stays readable.
      await new MachineKeys(at.machine, pki).keep(`${pki}/podtrust-sa-${made.kid}.key`, signal);
      assert.equal(await facts(`podtrust-sa-${made.kid}.key`), `0:${group} 640\n`);
      const text = await at.asRoot(`cat ${path}`);
      assert.ok(text.includes(`--service-account-signing-key-file=${pki}/podtrust-sa-${made.kid}.key`), text);
    });

    test("is not started with a key that it could not read: its manifest stays as it is", async () => {
      const files = new KubeadmFiles(at.machine, "rotate");
      const made = await new MachineKeys(at.machine, pki).make("ES256", signal);
      const first = await at.asRoot(`cat ${pki}/sa.pub`);
      await at.asRoot(`chmod 0700 ${pki}`);
      await refusedFor(
        files.writeKeys({ verifiers: [first, made.publicKey], signerThere: made }, signal),
        "unread",
      );
      assert.equal(await at.asRoot(`cat ${path}`), manifest);
      await at.asRoot(
        `chmod 0755 ${pki}; sed -i 's/runAsGroup.*supplementalGroups.*/runAsNonRoot: true}/' ${path}`,
      );
      const text = await at.asRoot(`cat ${path}`);
      await assert.rejects(files.writeKeys({ verifiers: [first] }, signal), { code: "server-file-invalid" });
      assert.equal(await at.asRoot(`cat ${path}`), text);
    });

    test("keeps its own file's owner out of what is left after a theft, and no other key", async () => {
      const files = new KubeadmFiles(at.machine, "rotate");
      const made = await new MachineKeys(at.machine, pki).make("ES256", signal);
      await files.endKeys(made.kid, signal);
      assert.equal(await facts("sa.key"), "0:0 600\n");
      assert.equal(await facts("sa.pub"), "0:0 600\n");
      assert.equal(
        await at.asRoot(`cmp ${pki}/sa.key ${pki}/podtrust-sa-${made.kid}.key && echo same`),
        "same\n",
      );
    });

    test("has its files compared with what is kept, though one of them is its own", async () => {
      const files = new KubeadmFiles(at.machine, "adopt");
      await files.change({ issuers: ["https://oidc.example.com"] }, signal);
      assert.deepEqual(await files.kept(signal), {
        isEdited: false,
        keysSince: [],
        keysGone: [],
        jwksUri: "",
      });
      await files.restoreFiles(signal);
      assert.equal(await at.asRoot(`cat ${path}`), manifest);
    });
  });
}
