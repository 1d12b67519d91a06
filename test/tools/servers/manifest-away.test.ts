/** A control plane node whose API server's manifest is away: it is called that, and found again once it is back. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { PodtrustError } from "../../../src/core/base/index.ts";
import type { Servers } from "../../../src/control-plane/servers/index.ts";
import { openedServers, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
const own = "/etc/kubernetes/own";
const issuer = "https://oidc.example.com";

describe(
  "a control plane node of kubeadm's form",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(join(host.root, dirname(path)), { recursive: true });
      await writeFile(join(host.root, path), text, { mode: 0o600 });
    };
    const opened = (): Promise<Servers> => openedServers(host, folder);

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-away-"));
      await put("/etc/kubernetes/pki/sa.pub", "");
      const flags = [`--service-account-issuer=${issuer}`, "--secure-port=7443"];
      const containers = [{ name: "kube-apiserver", command: ["kube-apiserver", ...flags] }];
      const pod = { metadata: { name: "kube-apiserver" }, spec: { containers } };
      await put(manifest, JSON.stringify(pod));
    });
    after(async () => {
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    test("whose manifest is away is known by its keys, and says that the manifest is away and to put it back", async () => {
      await rename(join(host.root, manifest), join(host.root, "/root/kube-apiserver.yaml"));
      const servers = await opened();
      try {
        const [{ api, files } = {}] = servers.all;
        assert.equal(files?.distribution, "kubeadm");
        await assert.rejects(Promise.resolve(api?.whatRuns(signal)), (error: PodtrustError) => {
          assert.equal(error.code, "server-manifest");
          assert.match(
            error.message,
            /its manifest \/etc\/kubernetes\/manifests\/kube-apiserver\.yaml is away/u,
          );
          assert.match(error.next, /^Put it back/u);
          return true;
        });
      } finally {
        await servers.close();
        await rename(join(host.root, "/root/kube-apiserver.yaml"), join(host.root, manifest));
      }
    });

    test("is found by the folder that its kubelet's config names, and at the port that its manifest says", async () => {
      await put("/var/lib/kubelet/config.yaml", `staticPodPath: ${own}\n`);
      await put(`${own}/kube-apiserver.yaml`, await host.file(manifest).then(String));
      await rm(join(host.root, manifest));
      const servers = await opened();
      try {
        const { starts, runs } = (await servers.all[0]?.api.whatRuns(signal)) ?? {};
        assert.deepEqual(starts?.issuers, [issuer]);
        assert.equal(runs?.kind, "not-looked-at");
        assert.equal(await servers.all[0]?.files.port(signal), 7443);
        assert.match(servers.all[0]?.api.url ?? "", /:7443$/u);
      } finally {
        await servers.close();
      }
    });
  },
);
