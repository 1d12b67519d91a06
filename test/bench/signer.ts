import { createPrivateKey } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type ClientHttp2Session } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse } from "yaml";
import { collectBytes, mapLimit, recordOf, recordsOf, systemClock } from "../../src/core/base/index.ts";
import { KeyFolder } from "../../src/signer/index.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../cluster/harness/index.ts";
import { prepareSigner, type SignerProcess } from "../cluster/signer/signer-process.ts";
import { claimsOfToken, GrpcClient, signRequest } from "../signer/grpc-client.ts";
import { startMotoKms, whyNoMotoKms } from "../support/moto-kms.ts";
import { softHsmProgram, whyNoSoftHsm } from "../support/soft-hsm.ts";
import type { PlottedPage } from "./plot.ts";
import { cpuSeconds, measuredNow } from "./process.ts";
import { buildPackage } from "./servers.ts";
import { type Memory, renderSignerPage, signerFigures, type SignerResults } from "./signer-page.ts";

const clients = 50;
const noTime = { own: 0, children: 0 };
const nobody = { times: [], paced: [], processor: { server: 0, signer: 0, holder: 0 } };

/** Runs so many calls, fifty at a time; the milliseconds that each took. */
async function load(calls: number, call: () => Promise<void>): Promise<readonly number[]> {
  const times: number[] = [];
  let left = calls;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const begun = performance.now();
      await call();
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return times;
}

/**
 * So many calls at a pace: each client begins one a second, whether the one before has ended or not. Milliseconds of each, from when
 * it was to begin.
 */
async function pacedLoad(calls: number, call: () => Promise<void>): Promise<readonly number[]> {
  const begun = performance.now();
  const one = async (index: number): Promise<number> => {
    const due = begun + (index / clients) * 1000;
    await setTimeout(due - performance.now());
    await call();
    return performance.now() - due;
  };
  return Promise.all(Array.from({ length: calls }, (_, index) => one(index)));
}

/** Five connections to an API server as its administrator: a kubelet's and a controller's are as few. */
class TokenClients {
  readonly #sessions: readonly ClientHttp2Session[];
  #next = 0;

  constructor(url: string, tls: { readonly ca: string; readonly cert: Buffer; readonly key: Buffer }) {
    this.#sessions = Array.from({ length: 5 }, () => connect(url, tls));
    for (const session of this.#sessions) session.on("error", () => {});
  }

  /** A TokenRequest; throws where no token comes. */
  async token(): Promise<void> {
    this.#next += 1;
    const stream = this.#sessions[this.#next % this.#sessions.length]?.request({
      ":method": "POST",
      ":path": "/api/v1/namespaces/default/serviceaccounts/demo/token",
      "content-type": "application/json",
    });
    if (stream === undefined) throw new Error("there is no connection");
    const kind = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" };
    stream.end(JSON.stringify({ ...kind, spec: { audiences: ["sts.amazonaws.com"] } }));
    const text = (await collectBytes(stream as AsyncIterable<Buffer>, 1024 * 1024)).toString();
    if (!text.includes('"token":"ey')) throw new Error(`no token came: ${text}`);
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

/** The client certificate of an administrator's kubeconfig. */
async function adminOf(plane: ControlPlane): Promise<{ ca: string; cert: Buffer; key: Buffer }> {
  const config = recordOf(parse(await readFile(plane.adminKubeconfig, "utf8")));
  const user = recordOf(recordOf(recordsOf(config["users"])[0])["user"]);
  const bytes = (name: string): Buffer => Buffer.from(String(user[name]), "base64");
  return { ca: plane.ca, cert: bytes("client-certificate-data"), key: bytes("client-key-data") };
}

/** A process and those that it has started. */
async function withChildren(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const children = text.split(" ").filter((one) => one.trim() !== "");
  const below = await Promise.all(children.map((child) => withChildren(Number(child))));
  return [pid, ...below.flat()];
}

/** Milliseconds of processor time of one process, and of its children by themselves. */
async function processorOf(pid: number): Promise<{ readonly own: number; readonly children: number }> {
  const [own = 0, ...children] = await mapLimit(await withChildren(pid), cpuSeconds);
  return { own: own * 1000, children: children.reduce((sum, one) => sum + one, 0) * 1000 };
}

/** Three API servers of one cluster with one key: in-tree, by a signer with a file, and by one with SoftHSM. */
async function benchTokens(program: string, quick: boolean): Promise<SignerResults["tokens"]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-hsm-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const plane = await startControlPlane({ issuer: "https://oidc.example.com", servers: 3 });
  stack.defer(() => plane.stop());
  await plane.kubectl(["create", "serviceaccount", "demo"]);
  const { privateFile } = plane.keys().signer;
  const key = createPrivateKey(await readFile(privateFile));
  const [file, hsm] = [stack.use(await prepareSigner(program)), stack.use(await prepareSigner(program))];
  await file.command("import", privateFile);
  await file.start();
  const holder = `pkcs11=${softHsmProgram(folder, { sa: key })}`;
  await hsm.command("add", "pkcs11:sa", "--holder", holder);
  await hsm.start("--holder", holder);
  await plane.servers[1]?.restart({ endpoint: file.socket });
  await plane.servers[2]?.restart({ endpoint: hsm.socket });
  const tls = await adminOf(plane);
  const all = plane.servers.map(({ url }) => new TokenClients(url, tls));
  stack.defer(() => {
    for (const one of all) one.close();
  });
  const signers = [undefined, file, hsm];
  const spentBy = async (index: number): Promise<readonly number[]> => {
    const server = await cpuSeconds(plane.servers[index]?.pid() ?? 0);
    const signer = signers[index];
    const { own, children } = signer === undefined ? noTime : await processorOf(signer.pid());
    return [server * 1000, own, children];
  };
  const measured = all.map(() => ({ times: [] as number[], paced: [] as number[], processor: [0, 0, 0] }));
  const rounds = quick ? 2 : 6;
  const calls = quick ? 100 : 200;
  // The first is not counted; each round asks all three, since the machine's other work changes.
  for (let round = 0; round <= rounds; round += 1)
    for (const [index, one] of all.entries()) {
      const before = await spentBy(index);
      const took = await load(calls, () => one.token());
      const after = await spentBy(index);
      const paced = await pacedLoad(calls, () => one.token());
      const into = measured[index];
      if (round === 0 || into === undefined) continue;
      into.times.push(...took);
      into.paced.push(...paced);
      into.processor = into.processor.map((sum, at) => sum + (after[at] ?? 0) - (before[at] ?? 0));
    }
  const [inTree = nobody, files = nobody, softHsm = nobody] = measured.map(({ times, paced, processor }) => {
    const [server = 0, signer = 0, helper = 0] = processor.map((ms) => ms / times.length);
    return { times, paced, processor: { server, signer, holder: helper } };
  });
  return { inTree, files, softHsm };
}

async function memoryOf(signer: SignerProcess): Promise<Memory> {
  const status = await readFile(`/proc/${signer.pid()}/status`, "utf8");
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "mu").exec(status)?.[1] ?? 0) / 1024;
  return { resident: megabytes("VmRSS"), own: megabytes("RssAnon") };
}

/** Signatures of a signer by itself, fifty at a time, and its memory between so many of them. */
async function benchSigns(
  signer: SignerProcess,
  { calls, looks }: { readonly calls: number; readonly looks: number },
): Promise<{ readonly times: readonly number[]; readonly memory: readonly Memory[]; readonly rate: number }> {
  const client = new GrpcClient(signer.socket);
  const sign = async (): Promise<void> => {
    const { status, message } = await client.call("Sign", signRequest(claimsOfToken()));
    if (status !== "0") throw new Error(message);
  };
  try {
    const memory = [await memoryOf(signer)];
    const times: number[] = [];
    const begun = performance.now();
    for (let look = 0; look < looks; look += 1) {
      times.push(...(await load(calls / looks, sign)));
      memory.push(await memoryOf(signer));
    }
    return { times, memory, rate: (calls / (performance.now() - begun)) * 1000 };
  } finally {
    client.close();
  }
}

async function benchKms(program: string, quick: boolean): Promise<SignerResults["kms"]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-kms-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const kms = await startMotoKms(folder);
  stack.defer(() => kms.close());
  const signer = stack.use(await prepareSigner(program));
  const id = await kms.createKey("ECC_NIST_P256");
  const holder = `kms=${kms.program}`;
  await signer.command("add", `kms:${id}`, "--holder", holder);
  await signer.start("--holder", holder);
  const { times, memory, rate } = await benchSigns(signer, { calls: quick ? 200 : 1000, looks: 1 });
  return { times, rate, memory: memory.at(-1) ?? { resident: 0, own: 0 } };
}

/** What the signer takes: docs/reference/benchmarks/signer.md and its figures; `quick` for a look. */
export async function benchSigner(quick: boolean): Promise<PlottedPage> {
  const reasons = [leftOut() || undefined, whyNoSoftHsm(), await whyNoMotoKms()];
  const missing = reasons.find((reason) => reason !== undefined);
  if (missing !== undefined) throw new Error(missing);
  const measured = measuredNow();
  const program = await buildPackage();
  const tokens = await benchTokens(program, quick);
  await using signer = await prepareSigner(program);
  await new KeyFolder(signer.state, systemClock).create("ES256");
  await signer.start();
  const calls = quick ? 2000 : 24_000;
  const { times, memory, rate } = await benchSigns(signer, { calls, looks: 8 });
  const kms = await benchKms(program, quick);
  const results = { ...measured, clients, tokens, signs: { calls, times, memory, rate }, kms };
  return { text: renderSignerPage(results), figures: signerFigures(results) };
}
