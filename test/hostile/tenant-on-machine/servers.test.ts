/** What podtrust reads and writes as root on a control plane machine, while a tenant has a folder, links and pods there. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { keysIn } from "../../../src/control-plane/servers/key-files.ts";
import { KeptFiles } from "../../../src/control-plane/servers/kept-files.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { storeKeys } from "../../../src/control-plane/servers/rancher-keys.ts";
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
const kid = "A".repeat(43);
/** Names that podtrust has ever written to before it put a file in place. */
const temporaryNames = [".podtrust-new", ".k.podtrust-new", ".new.podtrust-new", ".podtrust-recipient.key"];
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
    const kept = (): KeptFiles => new KeptFiles(at.machine, "/etc/kubernetes/podtrust", "rotate");
    const keysAt = (folder: string): MachineKeys => new MachineKeys(at.machine, folder);
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

    // What a log of his choice named as the API server's key file, and podtrust then wrote for `rotate`.
    for (const folder of [volume, tenantFolder]) {
      const reason = folder === volume ? "pod" : "owner";
      const path = `${folder}/k`;

      test(`is not given the signing key through a link in ${folder}`, async () => {
        await refusedFor(kept().write({ path, content: "", head: path }, "prepare", signal), reason);
        await refusedFor(kept().write({ path, content: "", head: key }, "prepare", signal), reason);
        await refusedFor(keysAt(folder).keep(key, signal), reason);
        await refusedFor(keysAt("/etc/keys").keep(path, signal), reason);
        assert.equal(await at.tenantFinds("PRIVATE KEY", [folder, "/etc/kubernetes", "/etc/keys"]), false);
        assert.equal(await at.asRoot(`stat -c '%u %a' ${key}`), "0 600\n");
      });

      test(`has root overwrite nothing through a temporary name in ${folder}`, async () => {
        await at.asTenant(temporaryNames.map((name) => `ln -s /etc/precious ${folder}/${name}`).join("\n"));
        await refusedFor(kept().write({ path: `${folder}/new`, content: "x" }, "prepare", signal), reason);
        await refusedFor(kept().write({ path, content: "x" }, "prepare", signal), reason);
        for (const work of [
          () => keysAt(folder).make("ES256", signal),
          () => keysAt(folder).recipient(signal),
          () => keysAt(folder).list(signal),
          () => keysAt(folder).seal(kid, "x", signal),
          () => keysAt(folder).put(kid, "x", signal),
          () => keysAt(folder).take(kid, "x", signal),
          () => keysAt(folder).forget(kid, signal),
        ])
          await refusedFor(work(), reason);
        assert.equal(
          await at.asRoot("cat /etc/precious; stat -c '%u %a' /etc/precious"),
          "precious\n0 600\n",
        );
      });
    }

    test("has no key of his taken into the datastore, nor one of root's through his link or folder", async () => {
      const store = { program: "/bin/false", supervisor: "https://127.0.0.1:6443", service: "k3s.service" };
      const given = { change: { verifiers: [] }, signs: kid };
      const own = { ...store, root: "/etc/kubernetes/podtrust" };
      await at.asTenant(
        `mkdir -p ${tenantFolder}/server/tls; ln -s ${key} ${tenantFolder}/server/tls/service.key`,
      );
      await refusedFor(storeKeys(at.machine, { ...own, dataDir: tenantFolder }, given, signal), "owner");
      await at.asRoot(`mkdir -p /etc/keys/server; ln -s ${tenantFolder}/server/tls /etc/keys/server/tls`);
      await refusedFor(storeKeys(at.machine, { ...own, dataDir: "/etc/keys" }, given, signal), "owner");
      const his = { ...store, root: `${tenantFolder}/podtrust`, dataDir: "/etc/keys" };
      await refusedFor(storeKeys(at.machine, his, given, signal), "owner");
      assert.equal(await at.tenantFinds("PRIVATE KEY", [tenantFolder, "/etc/kubernetes"]), false);
    });

    test("gets nothing put back into a folder that has become his, and what is kept stays", async () => {
      const extra = "/etc/kubernetes/extra";
      await at.asRoot(`mkdir -p ${extra}; echo before >${extra}/f`);
      await kept().write({ path: `${extra}/f`, content: "after" }, "one", signal);
      await at.asRoot(`chown ${tenantId} ${extra}`);
      await at.asTenant(`cd ${extra}; rm -f f; ln -s /etc/precious f; ln -s /etc/precious .f.podtrust-new`);
      await refusedFor(kept().restore(signal), "owner");
      await refusedFor(kept().restorePrevious(signal), "owner");
      await refusedFor(kept().state(signal), "owner");
      const first = `/etc/kubernetes/podtrust/rotate/before${extra}/f`;
      assert.equal(await at.asRoot(`cat /etc/precious ${first}`), "precious\nbefore\n");
    });

    test("has no way into podtrust's own folder through one that he made first", async () => {
      const own = "/etc/kubernetes/podtrust";
      await at.asRoot(`mkdir -p ${own}; chmod 0755 ${own}; chown ${tenantId} ${own}`);
      await refusedFor(kept().write({ path: "/etc/keys/new", content: "x" }, "one", signal), "owner");
      assert.equal(await at.asRoot("ls /etc/keys"), "sa.key\n");
    });

    test("reads nothing that is written, whatever owner and mode stood there, and root alone writes what is put back", async () => {
      const path = "/etc/keys/f";
      await at.asRoot(`echo before >${path}; chown 0:${tenantId} ${path}; chmod 0755 ${path}`);
      await kept().write({ path, content: "", head: key }, "one", signal);
      assert.equal(await at.asRoot(`stat -c '%u:%g %a' ${path}`), "0:0 600\n");
      assert.equal(await at.tenantFinds("PRIVATE KEY", ["/etc"]), false);
      await kept().restore(signal);
      assert.equal(await at.asRoot(`cat ${path}; stat -c '%u:%g %a' ${path}`), `before\n0:${tenantId} 755\n`);
    });

    test("does not keep root from files that its own link moved to another disk", async () => {
      await at.asRoot(
        "rm -rf /opt/moved; mkdir /opt/moved; ln -s /opt/moved /etc/kubernetes; echo before >/opt/moved/f",
      );
      await kept().write({ path: "/etc/kubernetes/f", content: "after" }, "one", signal);
      assert.equal(await at.asRoot("cat /opt/moved/f; ls -A /opt/moved"), "afterf\npodtrust\n");
      await kept().restore(signal);
      await kept().forget(signal);
      assert.equal(await at.asRoot("cat /opt/moved/f; ls -A /opt/moved"), "before\nf\n");
      const made = await keysAt("/etc/kubernetes").make("ES256", signal);
      assert.deepEqual(await keysAt("/etc/kubernetes").list(signal), [made]);
      const file = `/opt/moved/podtrust-sa-${made.kid}.key`;
      assert.equal(await at.asRoot(`stat -c '%u:%g %a' ${file}`), "0:0 600\n");
    });

    test("does not keep root from reading its own keys", async () => {
      const found = (await keysIn(at.machine, [key], signal)).flat().at(0);
      assert.equal(found?.file, key);
      assert.match((await at.machine.read(key, signal)) ?? "", /^-----BEGIN EC PRIVATE KEY-----/u);
      assert.equal(await at.machine.read("/etc/keys/none", signal), undefined);
    });
  });
}
