/**
 * Each step of a move on a control plane machine, killed by SIGKILL before any program that it starts, or without a byte left on the
 * disk from there on; then once more. Over a real sshd, with the machine's own programs.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { RecordFiles } from "../../../src/control-plane/record/index.ts";
import { KubeadmFiles } from "../../../src/control-plane/servers/kubeadm.ts";
import { MachineKeys } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import type { SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import {
  DisturbedSteps,
  type MachineStep,
  openedSession,
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

const kubeadm = {
  [manifestPath]: manifest,
  [`${pki}/sa.pub`]: first.open,
  [`${pki}/sa.key`]: first.secret,
};
const record = (machine: ServerMachine): RecordFiles => new RecordFiles(machine, own);
const half = { kid: second.kid, publicKey: second.open, file: Buffer.from("ciphertext").toString("base64") };

const stepsOf: Readonly<Record<string, MachineStep>> = {
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
    let steps: DisturbedSteps;

    before(async () => {
      host = await startSshHost();
      folder = await mkdtemp(join(tmpdir(), "podtrust-killed-"));
      session = await openedSession(host, folder);
      steps = await DisturbedSteps.on(host, new ServerMachine(session), {
        folders: [disk],
        // Of the sums of what podtrust wrote itself there may be more.
        compared: (path, text) => (path.startsWith(`${own}/sums/`) ? undefined : text),
      });
    });
    after(async () => {
      await session?.close();
      await host?.stop();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    });

    for (const [name, step] of Object.entries(stepsOf))
      for (const fault of ["killed", "disk full"] as const)
        test(`in which ${name}, ${fault === "killed" ? "killed" : "with the disk full"} before any program that it starts: no file is half, no key wider, and the next run ends where one ends that nobody disturbed`, (t) =>
          steps.each(step, fault, t));
  },
);
