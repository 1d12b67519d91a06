import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parseConnectTo } from "../../src/core/http/index.ts";
import { startSandbox, startStandInCluster } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { account } from "../support/sandbox.ts";
import { sandboxEnvironment } from "../support/stack-world.ts";
import { commandFigures, type CommandRow, renderCommandsPage } from "./commands-page.ts";
import type { PlottedPage } from "./plot.ts";
import { measuredNow, needed, output } from "./process.ts";
import { buildPackage, startMeasuredPublisher } from "./servers.ts";

const issuer = "https://oidc.example.test";

const stackOf = (kubeconfig: string): string => `stack: bench
issuer: ${issuer}
cluster: {kubeconfig: ${kubeconfig}}
aws:
  - account: "${account}"
    region: eu-central-1
    roles:
      - name: demo
        serviceAccounts: [aws-test/demo-service-account]
        policies: [arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess]
`;

/** A shell in which podtrust is called. */
interface Shell {
  /** What podtrust is started with: Node and its file, or an executable. */
  readonly program: readonly [string, ...string[]];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs `podtrust ARGS` as a process of its own; milliseconds from its start to its end. Throws unless it ends with 0. */
function timed({ program, folder, env }: Shell, args: readonly string[]): Promise<number> {
  const [file, ...before] = program;
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    execFile(file, [...before, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      if (error === null) resolve(performance.now() - begun);
      else reject(new Error(`podtrust ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

async function repeated(times: number, measure: () => Promise<number>): Promise<readonly number[]> {
  const all: number[] = [];
  for (let run = 0; run < times; run += 1) all.push(await measure());
  return all.sort((a, b) => a - b);
}

/** `up` and `status` on a cluster whose keys are published. */
async function benchStack(shell: Shell, quick: boolean, program: string): Promise<readonly CommandRow[]> {
  const { folder } = shell;
  const authority = await testAuthority();
  const cluster = await startStandInCluster({ issuer });
  const closing: (() => Promise<void>)[] = [() => cluster.close()];
  try {
    cluster.addServiceAccount("aws-test", "demo-service-account");
    const kubeconfig = join(folder, "admin.kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    await writeFile(join(folder, "stack.yaml"), stackOf(kubeconfig));
    await writeFile(join(folder, "root.pem"), authority.root);
    const tls = await authority.issue(["oidc.example.test"]);
    const publisher = await startMeasuredPublisher({ program, folder, issuer, tls, cluster });
    closing.unshift(() => publisher.close());
    const rule = `oidc.example.test:443:127.0.0.1:${publisher.port}`;
    const stack = ["-f", "stack.yaml", "--connect-to", rule, "--ca", "root.pem"];
    const looks: number[] = [];
    // Each time in an account of its own, which has AWS's usual delays: that is the sandbox's default.
    const ups = await repeated(quick ? 1 : 5, async () => {
      const sandbox = await startSandbox({
        account,
        ca: authority.root,
        connectTo: [parseConnectTo(rule)],
      });
      const inAccount = {
        ...shell,
        env: { ...shell.env, ...sandboxEnvironment(sandbox.url, sandbox.admin) },
      };
      try {
        const took = await timed(inAccount, ["up", "--yes", ...stack]);
        looks.push(...(await repeated(3, () => timed(inAccount, ["status", ...stack]))));
        return took;
      } finally {
        await sandbox.close();
      }
    });
    looks.sort((a, b) => a - b);
    return [
      {
        command: "podtrust up --yes",
        what: "a provider and a role, until STS takes a real token",
        times: ups,
        aimMs: 30_000,
      },
      { command: "podtrust status", what: "all links, none broken", times: looks, aimMs: 2000 },
    ];
  } finally {
    for (const close of closing) await close();
  }
}

/** The executable of this system that `npm run release` has made, unpacked; undefined where there is none. */
async function unpackedExecutable(folder: string): Promise<string | undefined> {
  const system = `${process.platform === "darwin" ? "macos" : process.platform}-${process.arch}`;
  const [archive] = globSync(`dist-release/podtrust-[0-9]*-${system}.tar.zst`);
  if (archive === undefined) return undefined;
  const tar = join(folder, "executable.tar");
  await writeFile(tar, zstdDecompressSync(await readFile(archive)));
  await output("tar", ["-xf", tar, "-C", folder, "podtrust"]);
  return join(folder, "podtrust");
}

async function benchHelp(shell: Shell, quick: boolean): Promise<readonly number[]> {
  // The first one reads the files from the disk.
  await timed(shell, ["--help"]);
  return repeated(quick ? 5 : 31, () => timed(shell, ["--help"]));
}

/** How long the commands take: docs/reference/benchmarks/commands.md and its figures; `quick` for a look. */
export async function benchCommands(quick: boolean): Promise<PlottedPage> {
  await needed({ taskset: "--version" });
  const measured = measuredNow();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
  try {
    const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "own-state") };
    const built = await buildPackage();
    const shell: Shell = { program: [process.execPath, built], folder, env };
    const rows: CommandRow[] = [
      {
        command: "podtrust --help",
        what: "the command's start",
        times: await benchHelp(shell, quick),
        aimMs: 150,
      },
    ];
    const executable = await unpackedExecutable(folder);
    if (executable !== undefined) {
      const times = await benchHelp({ ...shell, program: [executable] }, quick);
      rows.push({ command: "podtrust --help", what: "the same of the single executable", times, aimMs: 200 });
    }
    rows.push(...(await benchStack(shell, quick, built)));
    const results = { ...measured, rows, hasExecutable: executable !== undefined };
    return { text: renderCommandsPage(results), figures: commandFigures(results) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
