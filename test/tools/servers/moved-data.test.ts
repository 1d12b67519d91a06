/** A server of k3s whose data folder and port its unit and its drop-ins name, and how it is opened. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Servers } from "../../../src/control-plane/servers/index.ts";
import {
  openedServers,
  type SshHost,
  standInForK3s,
  startK3sWith,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();

describe(
  "a server of k3s whose data lies elsewhere",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let servers: Servers;
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(join(host.root, dirname(path)), { recursive: true });
      await writeFile(join(host.root, path), text, { mode: 0o600 });
    };

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-moved-"));
      await standInForK3s(host);
      await put("/etc/systemd/system/k3s.service", "[Service]\n");
      await put("/etc/rancher/k3s/config.yaml.d/10-port.yml", "https-listen-port: 7443\n");
      await startK3sWith(host, ["--data-dir=/opt/k3s"]);
      servers = await openedServers(host, folder);
    });
    after(async () => {
      await servers?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    test("is known as k3s', by its unit, and is asked at the port of a drop-in", () => {
      const [{ api, files } = assert.fail()] = servers.all;
      assert.deepEqual([files.distribution, api.url], ["k3s", "https://127.0.0.1:7443"]);
    });

    test("has podtrust's own private halves beside its keys, in that folder", async () => {
      const [{ machineKeys } = assert.fail()] = servers.all;
      await put("/opt/k3s/server/tls/service.key", "");
      const { kid } = await machineKeys.make("ES256", signal);
      const made = await host.file(`/opt/k3s/server/tls/podtrust-sa-${kid}.key`);
      assert.match(made ?? "", /PRIVATE KEY/u);
    });
  },
);
