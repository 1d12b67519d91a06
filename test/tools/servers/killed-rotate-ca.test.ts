/**
 * Each step by which the keys of a k3s server are changed, killed by SIGKILL before any program that it starts, or without a byte left on
 * the disk from there on; then once more. Over a real sshd, with the machine's own programs and k3s' stand-in.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isRecord, recordOf } from "../../../src/core/base/index.ts";
import { machineKeyFile } from "../../../src/control-plane/servers/machine-keys.ts";
import { ServerMachine } from "../../../src/control-plane/servers/machine.ts";
import { storeKeys } from "../../../src/control-plane/servers/rancher-keys.ts";
import type { KeyStore } from "../../../src/control-plane/servers/rancher-start.ts";
import {
  endStoredKeys,
  putStoredBack,
  storeRunning,
} from "../../../src/control-plane/servers/rancher-theft.ts";
import type { KeyChange } from "../../../src/control-plane/servers/server.ts";
import type { SshSession } from "../../../src/providers/host/index.ts";
import { kubernetesKid } from "../../../src/rules/keys/index.ts";
import {
  DisturbedSteps,
  k3sProgram,
  type MachineStep,
  openedSession,
  type SshHost,
  standInForK3s,
  startSshHost,
  whyNoSshHost,
} from "../../support/ssh-host/index.ts";

const { signal } = new AbortController();
const [etc, data, standIn] = ["/etc/rancher", "/var/lib/rancher", "/run/stand-in"];
const server = `${data}/k3s/server`;
const service = `${server}/tls/service.key`;
const datastore = `${server}/db/datastore.json`;
const objects = "what the cluster keeps";
const copies = `${etc}/k3s/podtrust/theft`;

const pair = (
  type: "ec" | "rsa",
): { readonly secret: string; readonly open: string; readonly kid: string } => {
  const { privateKey, publicKey } =
    type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const secret = privateKey.export({ type: "pkcs8", format: "pem" });
  return { secret, open: publicKey.export({ type: "spki", format: "pem" }), kid: kubernetesKid(publicKey) };
};
const [old, next] = [pair("rsa"), pair("ec")];
const nextThere = { kid: next.kid, publicKey: next.open };
const store: KeyStore = {
  program: "/usr/local/bin/k3s",
  dataDir: `${data}/k3s`,
  supervisor: "https://127.0.0.1:6443",
  service: "k3s.service",
  root: `${etc}/k3s/podtrust`,
};
const give = (machine: ServerMachine, change: KeyChange): Promise<void> =>
  storeKeys(machine, store, { change, signs: old.kid }, signal);
const given = {
  [`${etc}/k3s/config.yaml`]: "token: unused\n",
  [service]: old.secret,
  [machineKeyFile(dirname(service), next.kid)]: next.secret,
};

/** Runs a script there that has to end well. */
const there = (machine: ServerMachine, script: string): Promise<string> =>
  machine.run("making it so", `set -eu\numask 077\n${script}\n`, signal);

/** It runs, with a cluster's objects in its datastore; its files are older than three seconds, which k3s takes for no difference. */
const started = (machine: ServerMachine): Promise<string> =>
  there(
    machine,
    `systemctl start k3s --no-block
touch -d '10 seconds ago' ${service}
sed 's/^{/{"objects":"${objects}",/' ${datastore} >${datastore}.new
mv ${datastore}.new ${datastore}`,
  );

/** Every key was replaced, as an answer to a theft does. */
async function replaced(machine: ServerMachine): Promise<void> {
  await started(machine);
  await give(machine, { verifiers: [next.open], signerThere: nextThere, isWhole: true });
}

/** A run that finds no copy has nothing to put back. */
async function goesBack(machine: ServerMachine): Promise<void> {
  const found = await there(machine, `if [ -e ${copies}/service.key ]; then echo copy; fi`);
  if (found !== "") await putStoredBack(machine, store, signal);
}

const stepsOf: Readonly<Record<string, MachineStep>> = {
  "a next key is verified": {
    given,
    before: started,
    work: (machine) => give(machine, { verifiers: [old.open, next.open] }),
    whole: [service, datastore],
  },
  "the next key signs": {
    given,
    before: started,
    work: (machine) => give(machine, { verifiers: [next.open, old.open], signerThere: nextThere }),
    whole: [service, datastore],
  },
  "every key is replaced after a theft": {
    given,
    before: started,
    work: (machine) => give(machine, { verifiers: [next.open], signerThere: nextThere, isWhole: true }),
    whole: [service, datastore, `${copies}/service.key`, `${copies}/db/datastore.json`],
  },
  "the keys from before a theft go back": {
    given,
    before: replaced,
    work: goesBack,
    whole: [service, datastore],
  },
  "the keys from before a theft go back on a server that does not run": {
    given,
    async before(machine) {
      await replaced(machine);
      await there(machine, `rm ${standIn}/supervisor`);
    },
    work: goesBack,
    // While the one takes the other's place there is none; the copy stays until the server was restarted.
    whole: [],
  },
  "another server gives its keys": {
    given,
    before: started,
    work: (machine) => storeRunning(machine, store, signal),
    whole: [service, datastore],
  },
  "the copies from before a theft end": {
    given,
    before: replaced,
    work: (machine) => endStoredKeys(machine, { ...store, kid: next.kid }, signal),
    whole: [service, datastore],
  },
};

/** A datastore's text without the times of its files: no two runs have the same. One that is half has none. */
function timeless(text: string): string {
  if (!text.endsWith("}")) return text;
  const kept: unknown = JSON.parse(text);
  if (!isRecord(kept)) return text;
  const contents = Object.entries(recordOf(kept["files"])).map(([name, one]) => [
    name,
    recordOf(one)["content"],
  ]);
  return JSON.stringify({ ...kept, files: Object.fromEntries(contents) as unknown });
}

describe("a step on a server of k3s", { skip: whyNoSshHost("a machine whose files are root's") }, () => {
  let host: SshHost;
  let folder: string;
  let session: SshSession;
  let steps: DisturbedSteps;

  let tries = 0;
  /** Every other time something restarts the server in between, which has to start. Its objects are there or in the copy. */
  async function startsAgain(machine: ServerMachine, where: string): Promise<void> {
    tries += 1;
    if (tries % 2 === 0) return;
    await there(machine, "systemctl restart --no-block k3s.service");
    assert.doesNotMatch((await host.file(`${standIn}/journal`)) ?? "", /level=fatal/u, where);
    const kept = await Promise.all([datastore, `${copies}/db/datastore.json`].map((file) => host.file(file)));
    assert.ok(
      kept.some((text = "") => text.includes(objects)),
      `${where}: the cluster's objects are gone`,
    );
  }

  before(async () => {
    host = await startSshHost();
    await standInForK3s(host);
    folder = await mkdtemp(join(tmpdir(), "podtrust-killed-"));
    const program = join(host.root, "usr/local/bin/k3s");
    await mkdir(dirname(program), { recursive: true });
    await writeFile(program, k3sProgram("v1.36.4+k3s1"));
    await chmod(program, 0o755);
    session = await openedSession(host, folder);
    steps = await DisturbedSteps.on(host, new ServerMachine(session), {
      folders: [etc, data, standIn],
      compared(path, text) {
        if (path.startsWith(standIn)) return undefined;
        return path.endsWith("/datastore.json") ? timeless(text) : text;
      },
    });
  });
  after(async () => {
    await session?.close();
    await host?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  for (const [name, step] of Object.entries(stepsOf))
    for (const fault of ["killed", "disk full"] as const)
      test(`in which ${name}, ${fault === "killed" ? "killed" : "with the disk full"} before any program that it starts: the server starts, no file is half, no key wider, and the next run ends where one ends that nobody disturbed`, (t) =>
        steps.each({ ...step, between: startsAgain }, fault, t));
});
