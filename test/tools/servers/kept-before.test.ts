/** The files that an `adopt` of 282057bf kept on a machine, put back over a real SSH connection: test/vectors/earlier/. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { homeEnvironment, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const earlier = join(import.meta.dirname, "../../vectors/earlier/282057bf");

describe(
  "what 282057bf kept of a kubeadm server",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;
    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-kept-before-"));
      const { port, user, keyFile, hostKey } = host;
      const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
      const [env, alias] = [homeEnvironment(folder), "kept"];
      const state = new StateFolder(join(folder, "s"));
      const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
      session = openSession({ env, clock: systemClock, target, knownHosts, alias });
    });
    after(async () => {
      await session?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    test("is known as kept, put back byte for byte, and forgotten", async () => {
      const kubernetes = join(host.root, "etc/kubernetes");
      await cp(join(earlier, "kubernetes"), kubernetes, { recursive: true });
      // git keeps no modes but the right to execute.
      await chmod(join(kubernetes, "podtrust"), 0o700);
      await mkdir(join(kubernetes, "pki"));
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const secret = privateKey.export({ type: "pkcs8", format: "pem" });
      await writeFile(join(kubernetes, "pki/sa.key"), secret, { mode: 0o600 });
      await writeFile(join(kubernetes, "pki/sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
      const files = new KubeadmFiles(new ServerMachine(session), "adopt");
      assert.equal((await files.kept(signal))?.isEdited, false);
      await files.restoreFiles(signal);
      const manifest = join(kubernetes, "manifests/kube-apiserver.yaml");
      const made = await readFile(join(earlier, "manifest.before.yaml"), "utf8");
      assert.equal(await readFile(manifest, "utf8"), made);
      await files.forget(signal);
      assert.equal(await files.kept(signal), undefined);
      assert.deepEqual(await readdir(join(kubernetes, "podtrust")).catch(() => []), []);
    });
  },
);
