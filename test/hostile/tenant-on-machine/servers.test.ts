/** What podtrust reads and writes as root on a control plane machine, while a tenant has a folder, links and pods there. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { keysIn } from "../../../src/control-plane/servers/key-files.ts";
import {
  everyTools,
  refusedFor,
  startTenantHost,
  tenantFolder,
  type TenantHost,
  tenantId,
  whyNoTenantHost,
} from "./tenant-host.ts";

const { signal } = new AbortController();
const key = "/etc/keys/sa.key";
/** A volume of a pod, as the kubelet makes it: everybody may write there. */
const volume = "/var/lib/kubelet/pods/0f9d3c1e-5b1a-4c52-9a3e-7f6f2f6d8a11/volumes/kubernetes.io~empty-dir/v";

for (const tools of everyTools) {
  describe(`a tenant on a server with ${tools}`, { skip: whyNoTenantHost() }, () => {
    let at: TenantHost;
    before(async () => {
      at = await startTenantHost(tools);
    });
    after(() => at?.stop());
    beforeEach(async () => {
      await at.asRoot(`rm -rf /etc/keys /etc/kubernetes /var/lib/kubelet ${tenantFolder}
mkdir -p /etc/keys ${volume} ${tenantFolder}
chmod 0777 ${volume}
chown ${tenantId} ${tenantFolder}
(umask 077; openssl ecparam -name prime256v1 -genkey -noout -out ${key}; echo precious >/etc/precious)`);
      await at.asTenant(
        `ln -s ${key} ${volume}/k; ln -s ${key} ${tenantFolder}/k; mkfifo -m 0666 ${tenantFolder}/fifo`,
      );
    });

    for (const folder of [volume, tenantFolder]) {
      test(`has no file of root's read for him through a link in ${folder}`, async () => {
        await refusedFor(at.machine.read(`${folder}/k`, signal), folder === volume ? "pod" : "owner");
        await refusedFor(
          keysIn(at.machine, [key, `${folder}/k`], signal),
          folder === volume ? "pod" : "owner",
        );
      });
    }

    test("cannot keep a root shell on the machine by a FIFO or an endless file", async () => {
      await at.asRoot("mkfifo -m 0600 /etc/keys/fifo; mknod -m 0600 /etc/keys/zero c 1 5");
      for (const path of ["/etc/keys/fifo", "/etc/keys/zero"]) {
        await refusedFor(at.machine.read(path, signal), "kind");
        await refusedFor(keysIn(at.machine, [path], signal), "kind");
      }
      await refusedFor(at.machine.read(`${tenantFolder}/fifo`, signal), "owner");
      assert.equal(await at.asRoot("ps -A -o args= | grep -c '[e]tc/keys/zero' || true"), "0\n");
    });

    test("does not keep root from reading its own keys", async () => {
      const found = (await keysIn(at.machine, [key], signal)).flat().at(0);
      assert.equal(found?.file, key);
      assert.match((await at.machine.read(key, signal)) ?? "", /^-----BEGIN EC PRIVATE KEY-----/u);
      assert.equal(await at.machine.read("/etc/keys/none", signal), undefined);
    });
  });
}
