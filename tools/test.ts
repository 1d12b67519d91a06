/**
 * Runs one group of suites with Node's test runner and ends on its counts and on what was left out, which with
 * CI=true is a failure.
 *
 *   node tools/test.ts unit      what `npm ci` brought is enough
 *   node tools/test.ts tools     needs Debian's chromium, OpenSSL, nginx, sshd and shellcheck; PyPI for the AWS CLI
 *   node tools/test.ts peers     needs PyPI, Maven with a JDK, and Go for the Python that Ansible runs on; containers: root
 *                                and Debian's docker.io; what nobody here wrote, against the sandbox
 *   node tools/test.ts cluster   needs Go, and root and runc for pods; builds a real Kubernetes once into .cache/;
 *                                twelve minutes at least, since a soak runs beside its other suites
 *   node tools/test.ts machine   needs Debian's QEMU and debootstrap, root, and what cluster needs; boots machines in
 *                                software emulation, so nothing else should run meanwhile
 *   node tools/test.ts exports   needs Go; builds OpenTofu and Hetzner's provider once into .cache/
 *   node tools/test.ts k3s       needs a machine that can download k3s and Cilium, and gets them: not part of the gate
 *   node tools/test.ts rust      needs Rust and crates.io, and minutes to compile: not part of the gate
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const outside = ["tools", "peers", "cluster", "exports", "machine", "k3s", "rust", "bench", "support"].map(
  (folder) => `test/${folder}/**`,
);

// Files of pure functions keep no state and start nothing, so one process serves them all: a process for each of
// them took ten times as long as the tests.
const pure = [
  "src/{core/base,core/yaml,rules,config}/**/*.test.ts",
  "test/conformance/*.test.ts",
  "test/conformance/sts/*.test.ts",
  "test/vectors/rfc*.test.ts",
];

const soak = "test/cluster/soak.test.ts";

/** Files that run together, each in a process of its own or all in one. */
interface Batch {
  readonly files: readonly string[];
  readonly isolation: "process" | "none";
  /** It runs while the others do, and its output comes when it has ended. */
  readonly beside?: true;
}

interface Group {
  readonly batches: () => readonly Batch[];
  readonly concurrency: number;
  /** Milliseconds for one test. */
  readonly timeout: number;
  /** What comes before the runner: what two batches would otherwise both do, or what needs the network. */
  readonly prepare?: () => Promise<void>;
  /** What the runner is started by, with its own command line behind. */
  readonly launcher?: () => readonly string[];
}

/**
 * A network with nothing but loopback, on which a test may have any address and any port: servers get the addresses that
 * their API gave them, and nothing reaches the machine's own network. Mounts of its own let it have a resolver too.
 */
const ownNetwork = "unshare --net --mount env PODTRUST_OWN_NETWORK=yes sh -c"
  .split(" ")
  .concat('ip link set lo up && exec "$0" "$@"');

const isolated = (pattern: string) => (): readonly Batch[] => [
  { files: globSync(pattern), isolation: "process" },
];

const groups: Record<string, Group> = {
  unit: {
    batches: () => [
      { files: globSync(pure), isolation: "none" },
      {
        files: globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { exclude: [...outside, ...pure] }),
        isolation: "process",
      },
    ],
    concurrency: 2,
    timeout: 120_000,
  },
  tools: { batches: isolated("test/tools/**/*.test.ts"), concurrency: 2, timeout: 600_000 },
  peers: { batches: isolated("test/peers/**/*.test.ts"), concurrency: 1, timeout: 900_000 },
  cluster: {
    // The soak waits most of its twelve minutes, in a cluster of its own.
    batches: () => [
      { files: globSync(soak), isolation: "process", beside: true },
      { files: globSync("test/cluster/**/*.test.ts", { exclude: [soak] }), isolation: "process" },
    ],
    // Most of what they do is wait for servers that start, stop and are away.
    concurrency: 2,
    timeout: 1_800_000,
    async prepare() {
      const { buildPrograms, whyNoCluster } = await import("../test/cluster/build.ts");
      if (whyNoCluster() === undefined) await buildPrograms();
    },
  },
  // The first of its files builds what they share.
  exports: { batches: isolated("test/exports/**/*.test.ts"), concurrency: 1, timeout: 1_800_000 },
  k3s: { batches: isolated("test/k3s/**/*.test.ts"), concurrency: 1, timeout: 2_400_000 },
  rust: { batches: isolated("test/rust/**/*.test.ts"), concurrency: 1, timeout: 2_400_000 },
  machine: {
    batches: isolated("test/machine/**/*.test.ts"),
    concurrency: 1,
    timeout: 3_600_000,
    async prepare() {
      const { whyNoMachine } = await import("../test/machine/build.ts");
      const { saveMachine } = await import("../test/machine/saved.ts");
      if (whyNoMachine() === undefined) await saveMachine();
    },
    launcher: () => (process.getuid?.() === 0 ? ownNetwork : []),
  },
};

const [name = "unit", ...rest] = process.argv.slice(2);
const group = groups[name];
if (group === undefined)
  throw new TypeError(`no such group of tests: ${name} (${Object.keys(groups).join(", ")})`);
const wanted = rest.filter((argument) => !argument.startsWith("--"));
const flags = rest.filter((argument) => argument.startsWith("--"));
const batches: readonly Batch[] = group
  .batches()
  .map((batch) => ({
    ...batch,
    files: batch.files
      .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
      .sort(),
  }))
  .filter(({ files }) => files.length > 0);
if (batches.length === 0) throw new TypeError(`no test file in group ${name} matches ${wanted.join(" ")}`);

// Each test file is a process of its own, and so is each command that it runs: what V8 compiled once serves them all.
const compiled = process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "..", ".cache", "compile");

// The runner's own lines of skipped tests scroll away; these are kept for the end of the run.
const folder = mkdtempSync(join(tmpdir(), "podtrust-tests-"));

/** A batch that is alone has nothing to be beside of. */
const isBeside = ({ beside }: Batch): boolean => beside === true && batches.length > 1;

async function runBatch(
  { concurrency, timeout, launcher }: Group,
  batch: Batch,
  skipped: string,
): Promise<number> {
  const line = [...(launcher?.() ?? []), process.execPath];
  const runner = spawn(
    line[0] ?? process.execPath,
    [
      ...line.slice(1),
      "--test",
      `--test-isolation=${batch.isolation}`,
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${timeout}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      `--test-reporter=${join(import.meta.dirname, "left-out.ts")}`,
      `--test-reporter-destination=${skipped}`,
      ...flags,
      ...batch.files,
    ],
    {
      stdio: isBeside(batch) ? ["ignore", "pipe", "pipe"] : "inherit",
      env: { ...process.env, NODE_NO_WARNINGS: "1", NODE_COMPILE_CACHE: compiled },
    },
  );
  const output: Buffer[] = [];
  for (const stream of [runner.stdout, runner.stderr])
    stream?.on("data", (chunk: Buffer) => void output.push(chunk));
  const [code, signal] = (await once(runner, "close")) as [number | null, NodeJS.Signals | null];
  process.stdout.write(Buffer.concat(output));
  return code ?? (signal === null ? 0 : 1);
}

/** Runs all batches, those that may run beside others at the same time; gives the first exit code that is not 0. */
async function runBatches(running: Group): Promise<number> {
  if (batches.length > 1 || running.launcher !== undefined) await running.prepare?.();
  const run = (batch: Batch): Promise<number> =>
    runBatch(running, batch, join(folder, `skipped-${batches.indexOf(batch)}`));
  const beside = batches.filter(isBeside).map(run);
  const codes: number[] = [];
  for (const batch of batches.filter((one) => !isBeside(one))) codes.push(await run(batch));
  if (beside.length > 0) console.log("\nbeside these:");
  codes.push(...(await Promise.all(beside)));
  return codes.find((code) => code !== 0) ?? 0;
}

try {
  process.exitCode = await runBatches(group);
  const leftOut = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8").trim());
  const lines = leftOut.filter((text) => text !== "").join("\n");
  if (lines !== "") console.log(`\nleft out:\n${lines}`);
  if (lines !== "" && process.env["CI"] === "true") {
    console.log("With CI=true nothing may be left out.");
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
