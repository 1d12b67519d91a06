/**
 * `rotate` and `adopt` on one control plane machine at once: the second changes everything while the first is between two of its scripts,
 * or both at the same moment. Over a real sshd, with the machine's own programs.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PodtrustError } from "../../../src/core/base/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { machineKeyFile } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import type { SshSession } from "../../../src/providers/host/index.ts";
import { manifestFlags } from "../../../src/rules/distribution/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { casesOf } from "../../support/runs.ts";
import { openedSession, type SshHost, startSshHost, whyNoSshHost } from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const disk = "/etc/kubernetes";
const pki = `${disk}/pki`;
const manifestPath = `${disk}/manifests/kube-apiserver.yaml`;
const [old, ours] = ["https://kubernetes.default.svc.cluster.local", "https://oidc.example.com"];
const manifest = `apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command:
    - kube-apiserver
    - --service-account-issuer=${old}
    - --service-account-key-file=${pki}/sa.pub
    - --service-account-signing-key-file=${pki}/sa.key
`;

const pair = (): { readonly secret: string; readonly open: string; readonly kid: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const secret = privateKey.export({ type: "pkcs8", format: "pem" });
  return { secret, open: publicKey.export({ type: "spki", format: "pem" }), kid: kubernetesKid(publicKey) };
};
const [first, next] = [pair(), pair()];

/** A command, as far as it changes one machine. */
type Command = (machine: ServerMachine) => Promise<unknown>;

const adopting = {
  run: (machine: ServerMachine) =>
    new KubeadmFiles(machine, "adopt").change({ issuers: [ours, old] }, signal),
  undo: (machine: ServerMachine) => new KubeadmFiles(machine, "adopt").restoreFiles(signal),
};
const rotating = {
  prepare: (machine: ServerMachine) =>
    new KubeadmFiles(machine, "rotate").writeKeys({ verifiers: [first.open, next.open] }, signal),
  promote: (machine: ServerMachine) =>
    new KubeadmFiles(machine, "rotate").writeKeys(
      { verifiers: [next.open, first.open], signerThere: { kid: next.kid, publicKey: next.open } },
      signal,
    ),
};

/** What the API server is started with where both have done what they should. */
const wanted = (adopt: keyof typeof adopting, rotate: keyof typeof rotating): unknown => ({
  issuers: adopt === "run" ? [ours, old] : [old],
  verifies: rotate === "prepare" ? [first.kid, next.kid] : [next.kid, first.kid],
  signs: rotate === "prepare" ? first.kid : next.kid,
});

describe("rotate beside adopt", { skip: whyNoSshHost("a machine whose files are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let machine: ServerMachine;

  before(async () => {
    host = await startSshHost();
    folder = await mkdtemp(join(tmpdir(), "podtrust-two-"));
    session = await openedSession(host, folder);
    machine = new ServerMachine(session);
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** The same machine, on which something else happens before one of the scripts. `count` says how many there were. */
  function interrupted(
    at: number,
    meanwhile: () => Promise<unknown>,
  ): { machine: ServerMachine; count: () => number } {
    let scripts = 0;
    const run: SshSession["run"] = async (...rest) => {
      scripts += 1;
      if (scripts === at) await meanwhile();
      return session.run(...rest);
    };
    return { machine: new ServerMachine({ ...session, target: session.target, run }), count: () => scripts };
  }

  async function asBefore(adopt: keyof typeof adopting): Promise<void> {
    await rm(join(host.root, disk), { recursive: true, force: true });
    const files = {
      [manifestPath]: manifest,
      [`${pki}/sa.pub`]: first.open,
      [`${pki}/sa.key`]: first.secret,
      [machineKeyFile(pki, next.kid)]: next.secret,
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(host.root, path)), { recursive: true });
      await writeFile(join(host.root, path), text, { mode: 0o600 });
    }
    if (adopt === "undo") await adopting.run(machine);
  }

  async function startsWith(): Promise<unknown> {
    const read = manifestFlags((await machine.readYaml(manifestPath, signal)) ?? {});
    assert.ok("value" in read);
    const { verifiers, signer } = await new KubeadmFiles(machine, "rotate").readKeys(signal);
    return { issuers: read.value.issuers, verifies: verifiers.map(({ kid }) => kid), signs: signer.kid };
  }

  /** The code of a refusal by the other run; undefined where there was none. */
  async function refusalOf(work: Promise<unknown>): Promise<PodtrustError | undefined> {
    try {
      await work;
      return undefined;
    } catch (error) {
      if (error instanceof PodtrustError && error.code === "rotation-elsewhere") return error;
      throw error;
    }
  }

  for (const adopt of ["run", "undo"] as const)
    for (const rotate of ["prepare", "promote"] as const) {
      const commands: readonly (readonly [string, Command, Command])[] = [
        [`adopt ${adopt}`, adopting[adopt], rotating[rotate]],
        [`rotate ${rotate}`, rotating[rotate], adopting[adopt]],
      ];
      for (const [name, one, other] of commands)
        test(`${name === `adopt ${adopt}` ? `${name}, in the middle of which rotate ${rotate}` : `${name}, in the middle of which adopt ${adopt}`} does all of its part, is refused by name where it would undo that, and the same command again ends with what both want`, async (t) => {
          await asBefore(adopt);
          const { machine: counted, count } = interrupted(0, () => Promise.resolve());
          await one(counted);
          let refusals = 0;
          // From the last, before which a command writes what it has read.
          const numbers = Array.from({ length: count() }, (_, index) => count() - index);
          for (const at of casesOf(numbers, 3)) {
            await asBefore(adopt);
            const refusal = await refusalOf(one(interrupted(at, () => other(machine)).machine));
            if (refusal !== undefined) {
              refusals += 1;
              assert.match(refusal.message, /kube-apiserver\.yaml was changed by another run/u);
              await one(machine);
            }
            assert.deepEqual(await startsWith(), wanted(adopt, rotate), `before script ${at} of ${count()}`);
          }
          assert.ok(refusals > 0);
          t.diagnostic(`${count()} scripts, ${refusals} refusals`);
        });

      test(`adopt ${adopt} and rotate ${rotate} at the same moment take turns on the machine: what was refused ends when it is run again`, async (t) => {
        let refusals = 0;
        for (let round = 0; round < 2; round += 1) {
          await asBefore(adopt);
          const both = [adopting[adopt], rotating[rotate]] as const;
          const ends = await Promise.all(both.map((command) => refusalOf(command(machine))));
          assert.ok(ends.includes(undefined), "neither has won");
          for (const [index, refusal] of ends.entries())
            if (refusal !== undefined) {
              refusals += 1;
              await both[index]?.(machine);
            }
          assert.deepEqual(await startsWith(), wanted(adopt, rotate));
        }
        t.diagnostic(`${refusals} refusals`);
      });
    }
});
