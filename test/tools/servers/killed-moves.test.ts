/**
 * Each step of a move on a control plane machine, killed by SIGKILL before any program that it starts, or without a byte left on the
 * disk from there on; then once more. Over a real sshd, with the machine's own programs.
 */
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { StateFolder } from "../../../src/core/files/index.ts";
import { RecordFiles } from "../../../src/control-plane/record/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { openSession, pinnedKnownHosts, type SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import { casesOf } from "../../support/runs.ts";
import {
  homeEnvironment,
  type ProgramFault,
  ProgramFaults,
  type SshHost,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const disk = "/etc/kubernetes";
const own = `${disk}/podtrust`;
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
const [first, second] = [pair(), pair()];

/** A step of a move. */
interface Step {
  /** What stands on the machine before it. */
  readonly given: Readonly<Record<string, string>>;
  /** Steps that came before, undisturbed. */
  readonly before?: (machine: ServerMachine) => Promise<unknown>;
  /** Does it, as a run does that finds what the last one left. */
  readonly work: (machine: ServerMachine) => Promise<unknown>;
  /** Files that have their old or their new text at any time, whatever was cut. */
  readonly whole: readonly string[];
  /** It makes another key each time: none is half, and that is all that can be compared. */
  readonly isRandom?: true;
}

const kubeadm = {
  [manifestPath]: manifest,
  [`${pki}/sa.pub`]: first.open,
  [`${pki}/sa.key`]: first.secret,
};
const record = (machine: ServerMachine): RecordFiles => new RecordFiles(machine, own);
const half = { kid: second.kid, publicKey: second.open, file: Buffer.from("ciphertext").toString("base64") };

const stepsOf: Readonly<Record<string, Step>> = {
  "the record of a rotation is written": {
    given: {},
    before: (machine) => record(machine).write("one\n", undefined, signal),
    async work(machine) {
      const { text } = await record(machine).read(signal);
      if (text !== "two\n") await record(machine).write("two\n", text, signal);
    },
    whole: [`${own}/record/record.json`],
  },
  "the halves of an encrypted next key are kept": {
    given: {},
    work: (machine) => record(machine).putHalf(half, signal),
    whole: [`${own}/record/next/${second.kid}.pub`, `${own}/record/next/${second.kid}.age`],
  },
  "the halves of an encrypted next key are forgotten": {
    given: {},
    before: (machine) => record(machine).putHalf(half, signal),
    work: (machine) => record(machine).forgetHalf(second.kid, signal),
    whole: [`${own}/record/next/${second.kid}.pub`, `${own}/record/next/${second.kid}.age`],
  },
  "a key is made": {
    given: { [`${pki}/sa.pub`]: first.open },
    work: (machine) => new MachineKeys(machine, pki).make("ES256", signal),
    whole: [],
    isRandom: true,
  },
  "the key that signs is kept in a file of its own": {
    given: { [`${pki}/sa.key`]: first.secret },
    work: (machine) => new MachineKeys(machine, pki).keep(`${pki}/sa.key`, signal),
    whole: [`${pki}/podtrust-sa-${first.kid}.key`],
  },
  "a private key is handed over": {
    given: { [`${pki}/sa.pub`]: first.open },
    work: (machine) => new MachineKeys(machine, pki).put(second.kid, second.secret, signal),
    whole: [`${pki}/podtrust-sa-${second.kid}.key`],
  },
  "a private key is forgotten": {
    given: { [`${pki}/sa.pub`]: first.open },
    before: (machine) => new MachineKeys(machine, pki).put(second.kid, second.secret, signal),
    work: (machine) => new MachineKeys(machine, pki).forget(second.kid, signal),
    whole: [`${pki}/podtrust-sa-${second.kid}.key`],
  },
  "adoption switches the issuer": {
    given: kubeadm,
    work: (machine) => new KubeadmFiles(machine, "adopt").change({ issuers: [ours, old] }, signal),
    whole: [manifestPath],
  },
  "adoption is put back": {
    given: kubeadm,
    before: (machine) => new KubeadmFiles(machine, "adopt").change({ issuers: [ours, old] }, signal),
    work: (machine) => new KubeadmFiles(machine, "adopt").restoreFiles(signal),
    whole: [manifestPath],
  },
  "a stolen key's files get the fresh key": {
    given: kubeadm,
    before: (machine) => new MachineKeys(machine, pki).put(second.kid, second.secret, signal),
    work: (machine) => new KubeadmFiles(machine, "rotate").endKeys(second.kid, signal),
    whole: [`${pki}/sa.key`, `${pki}/sa.pub`, manifestPath],
  },
};

describe(
  "a step on a control plane machine",
  { skip: whyNoSshHost("a machine whose files are root's") },
  () => {
    let host: SshHost;
    let folder: string;
    let session: SshSession;
    let machine: ServerMachine;
    let faults: ProgramFaults;

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-killed-"));
      const { port, user, keyFile, hostKey } = host;
      const target = { address: "127.0.0.1", port, user, keyFile, hostKeys: [hostKey] };
      const [env, alias] = [homeEnvironment(folder), "killed"];
      const state = new StateFolder(join(folder, "s"));
      const knownHosts = await pinnedKnownHosts(target, { env, alias, state });
      session = openSession({ env, clock: systemClock, target, knownHosts, alias });
      machine = new ServerMachine(session);
      faults = await ProgramFaults.on(host);
    });
    after(async () => {
      await session?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    const at = (path: string): string => join(host.root, path);

    /** Every file of the disk, with its mode and text. */
    function treeOf(): ReadonlyMap<string, { readonly mode: number; readonly text: string }> {
      const names = readdirSync(at(disk), { recursive: true, encoding: "utf8" }).sort();
      return new Map(
        names.flatMap((name) => {
          const facts = lstatSync(at(join(disk, name)));
          // Of the sums of what podtrust wrote itself there may be more.
          if (!facts.isFile() || name.startsWith("podtrust/sums/")) return [];
          const text = readFileSync(at(join(disk, name)), "latin1");
          return [[join(disk, name), { mode: facts.mode & 0o777, text }] as const];
        }),
      );
    }

    async function beforeStep({ given, before: earlier }: Step): Promise<void> {
      await faults.begin();
      await rm(at(disk), { recursive: true, force: true });
      await mkdir(at(pki), { recursive: true });
      for (const [path, text] of Object.entries(given)) {
        await mkdir(dirname(at(path)), { recursive: true });
        await writeFile(at(path), text, { mode: path.endsWith(".pub") ? 0o644 : 0o600 });
      }
      await earlier?.(machine);
    }

    /** No private key can be read by more than its owner, and its group where the API server has one; none is under another's ID. */
    function keysAreKept(): void {
      for (const [path, { mode, text }] of treeOf()) {
        const isKey = text.includes("PRIVATE KEY") || path.endsWith(".key");
        if (!isKey) continue;
        assert.equal(mode & 0o037, 0, `${path} has mode ${mode.toString(8)}`);
        const kid = /podtrust-sa-(?<kid>[\w-]{43})\.key$/u.exec(path)?.groups?.["kid"];
        if (kid !== undefined) assert.equal(kubernetesKid(createPublicKey(text)), kid, path);
      }
    }

    async function disturbed(step: Step, number: number, fault: ProgramFault): Promise<void> {
      await beforeStep(step);
      const began = treeOf();
      await faults.begin(number, fault);
      await faults.during(step.work(machine));
      const where = `${fault} at ${number}`;
      keysAreKept();
      const between = treeOf();
      for (const path of step.whole) {
        const texts = [began.get(path)?.text, ended.get(path)?.text];
        assert.ok(
          texts.includes(between.get(path)?.text),
          `${where}: ${path} is neither what it was nor what it becomes`,
        );
      }
      await faults.begin();
      await step.work(machine);
      if (step.isRandom !== true) assert.deepEqual(treeOf(), ended, where);
    }

    let ended: ReturnType<typeof treeOf>;
    for (const [name, step] of Object.entries(stepsOf))
      for (const fault of ["killed", "disk full"] as const)
        test(`in which ${name}, ${fault === "killed" ? "killed" : "with the disk full"} before any program that it starts: no file is half, no key wider, and the next run ends where one ends that nobody disturbed`, async (t) => {
          await beforeStep(step);
          await faults.begin();
          await step.work(machine);
          const count = await faults.count();
          ended = treeOf();
          assert.ok(count > 0, `${count} programs`);
          const numbers = Array.from({ length: count }, (_, index) => index + 1);
          const tried = casesOf(numbers, Math.max(8, Math.ceil(count / 4)));
          for (const number of tried) await disturbed(step, number, fault);
          t.diagnostic(`${tried.length} of ${count} programs`);
        });
  },
);
