/**
 * Runs one group of suites with Node's test runner and ends on its counts, on what failed and on what was left out, which
 * with CI=true is a failure.
 *
 *   node tools/test.ts unit        what `npm ci` brought is enough; two processes side by side, which share their files
 *   node tools/test.ts limits      the same needs; attacks on a publisher, slow clients and issuers, stacks of many roles, and that time grows no faster
 *                                  than what comes in
 *   node tools/test.ts scenarios   the same needs; whole stacks through many steps: each fault that doctor names, rotations,
 *                                  random histories of bindings, CAs that misbehave
 *   node tools/test.ts processes   the same needs; what only a process of its own shows: signals, killed runs, terminals, the
 *                                  demo, the commands of every page, tools and shells that a test starts
 *   node tools/test.ts tools       needs Debian's chromium, OpenSSL, nginx, sshd and shellcheck; PyPI for the AWS CLI
 *   node tools/test.ts peers       needs PyPI and Go, in CI Maven with a JDK too; containers: root and Debian's docker.io;
 *                                  third-party programs against podtrust or its sandbox
 *   node tools/test.ts cluster     needs Go, and root and runc for pods; builds a real Kubernetes once into .cache/
 *   node tools/test.ts machine     needs Debian's QEMU and debootstrap, root, and what cluster needs; boots machines in
 *                                  software emulation
 *   node tools/test.ts machine-nightly  needs the same; npm run demo:machine whole, and an upgrade, a rollback and a reboot
 *                                  of a machine: half an hour, not part of the gate
 *   node tools/test.ts attacks     what `npm ci` brought, and Linux; one of nine attacks on publisher, webhook and probes. With
 *                                  PODTRUST_AT_LENGTH=yes it is all of them, in nine minutes: part of nightly
 *   node tools/test.ts nightly     needs what cluster, tools, peers and exports need, and two hours: suites of other groups at
 *                                  length, and on every minor of Kubernetes; arm64 belongs to the same night
 *   node tools/test.ts live        needs Go and Debian's sshd; adoption, rotation and theft at length, on API servers of each
 *                                  minor of Kubernetes: part of nightly
 *   node tools/test.ts arm64       needs Debian's qemu-system-arm, qemu-user-static and debootstrap, and root; boots a machine of
 *                                  arm64 in software emulation: not part of the gate
 *   node tools/test.ts exports     needs Go; builds OpenTofu and Hetzner's provider once into .cache/
 *   node tools/test.ts k3s         needs a machine that can download k3s and Cilium, and gets them: not part of the gate
 *   node tools/test.ts rust        needs Rust and crates.io, and minutes to compile: not part of the gate
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { type Batch, filesOfGroup, type Group, groups } from "./test/groups.ts";
import type { ProcessorTime } from "./test/processor-time.ts";
import type { Tally } from "./test/tally.ts";

const [name = "unit", ...rest] = process.argv.slice(2);
const group = groups[name];
if (group === undefined)
  throw new TypeError(`no such group of tests: ${name} (${Object.keys(groups).join(", ")})`);
const wanted = rest.filter((argument) => !argument.startsWith("--"));
const flags = rest.filter((argument) => argument.startsWith("--"));
const files = filesOfGroup(name).filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);
if (files.length === 0) throw new TypeError(`no test file in group ${name} matches ${wanted.join(" ")}`);
const batchesOf = group.batches ?? ((all): readonly Batch[] => [{ files: all, isolation: "process" }]);
const batches = batchesOf(files).flatMap((batch) => {
  const chosen = batch.files.filter((file) => files.includes(file));
  return chosen.length === 0 ? [] : [{ ...batch, files: chosen }];
});

// Each test file is a process of its own, and so is each command that it runs: what V8 compiled once serves them all.
const compiled = process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "..", ".cache", "compile");
const folder = mkdtempSync(join(tmpdir(), "podtrust-tests-"));
const processorTimes = join(folder, "processor-times");

/**
 * Megabytes for what is young, where many files share a process: V8's default of 16 fills several times a second, and a
 * sixth of the process's time went into collecting.
 */
const sharedSemiSpace = 64;

/** What a batch's runner is started with; `tally` is the file that it counts in. */
function commandLine({ concurrency, timeout, launcher }: Group, batch: Batch, tally: string): string[] {
  return [
    ...(launcher?.() ?? []),
    process.execPath,
    ...(batch.isolation === "none" ? [`--max-semi-space-size=${sharedSemiSpace}`] : []),
    "--test",
    `--test-isolation=${batch.isolation}`,
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${timeout}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(import.meta.dirname, "test", "tally.ts")}`,
    `--test-reporter-destination=${tally}`,
    `--import=${join(import.meta.dirname, "test", "lingering.ts")}`,
    ...(batch.isolation === "process" && process.platform === "linux"
      ? [`--import=${join(import.meta.dirname, "test", "processor-time.ts")}`]
      : []),
    ...flags,
    ...batch.files,
  ];
}

interface Outcome {
  readonly code: number;
  readonly tally: readonly Tally[];
  /** What it wrote, where it could not while another wrote. */
  readonly output: Buffer;
}

async function runBatch(running: Group, batch: Batch, index: number): Promise<Outcome> {
  const { maxMinutes = 45 } = running;
  const tally = join(folder, `tally-${index}`);
  const [program = "", ...args] = commandLine(running, batch, tally);
  const runner = spawn(program, args, {
    stdio: index === 0 ? "inherit" : ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...running.environment,
      NODE_NO_WARNINGS: "1",
      NODE_COMPILE_CACHE: compiled,
      PODTRUST_TEST_PROCESSOR_TIME: processorTimes,
    },
  });
  const overdue = setTimeout(() => {
    console.error(`${name}: not ended within ${maxMinutes} minutes; the files that still run fail`);
    runner.kill("SIGTERM");
  }, maxMinutes * 60_000);
  const output: Buffer[] = [];
  for (const stream of [runner.stdout, runner.stderr])
    stream?.on("data", (chunk: Buffer) => void output.push(chunk));
  const [code] = (await once(runner, "close")) as [number | null];
  clearTimeout(overdue);
  return {
    code: code ?? 1,
    tally: linesOf(tally).map((line) => JSON.parse(line) as Tally),
    output: Buffer.concat(output),
  };
}

function linesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** What each file that had a process of its own took of the processors, seconds. */
function processorTimeOf(): ReadonlyMap<string, number> {
  const times = linesOf(processorTimes).map((line) => JSON.parse(line) as ProcessorTime);
  return new Map(times.map(({ file, processor }) => [file, processor]));
}

/** The files that took longest, ten seconds and more. */
function slowest(tallies: readonly Tally[]): readonly string[] {
  const times = new Map<string, number>();
  for (const { took } of tallies)
    if (took !== undefined) times.set(took.file, (times.get(took.file) ?? 0) + took.ms);
  const all = [...times].filter(([, ms]) => ms >= 10_000).sort(([, a], [, b]) => b - a);
  const processor = processorTimeOf();
  return all.slice(0, 20).map(([file, ms]) => {
    const used = processor.get(file);
    const share = used === undefined ? "" : ` (${used.toFixed(0)} s of a processor)`;
    return `${(ms / 1000).toFixed(0)} s ${relative(process.cwd(), file)}${share}`;
  });
}

/** What is wrong with so few tests in a run of all files; undefined where there are enough. */
function tooFew(tests: number): string | undefined {
  const { minTests = 0 } = group ?? {};
  return wanted.length > 0 || tests >= minTests ? undefined : `${name} has ${minTests} tests at least`;
}

/** The last lines of a run, over all its batches, and its exit code. */
function summary(outcomes: readonly Outcome[]): { readonly lines: readonly string[]; readonly code: number } {
  const tallies = outcomes.flatMap(({ tally }) => tally);
  const list = (title: string, found: readonly (string | undefined)[]): string[] => {
    const lines = found.filter((line) => line !== undefined);
    return lines.length === 0 ? [] : ["", `${title}:`, ...lines];
  };
  const leftOut = list(
    "left out",
    tallies.map((line) => line.leftOut),
  );
  const dead = outcomes.filter(({ tally }) => tally.at(-1)?.counts === undefined).length;
  const sum = (of: "passed" | "failed" | "skipped"): number =>
    tallies.reduce((total, { counts }) => total + (counts?.[of] ?? 0), 0);
  const few = tooFew(sum("passed") + sum("failed") + sum("skipped"));
  const isStrict = leftOut.length > 0 && process.env["CI"] === "true";
  return {
    lines: [
      ...list("slowest", slowest(tallies)),
      "",
      `${name}: ${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped, of ${files.length} files`,
      ...list(
        "failed",
        tallies.map((line) => line.failed),
      ),
      ...(dead === 0 ? [] : ["", `${dead} of ${outcomes.length} runners died before they had counted`]),
      ...leftOut,
      ...(isStrict ? ["With CI=true nothing may be left out."] : []),
      ...(few === undefined ? [] : [few]),
    ],
    code:
      outcomes.find(({ code }) => code !== 0)?.code ?? (dead > 0 || isStrict || few !== undefined ? 1 : 0),
  };
}

try {
  if (batches.length > 1 || group.launcher !== undefined) await group.prepare?.();
  const outcomes = await Promise.all(batches.map((batch, index) => runBatch(group, batch, index)));
  for (const { output } of outcomes) process.stdout.write(output);
  const { lines, code } = summary(outcomes);
  console.log(lines.join("\n"));
  process.exitCode = code;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
