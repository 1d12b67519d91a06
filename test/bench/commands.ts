import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConnectTo } from "../../src/http/index.ts";
import { startSandbox, startStandInCluster } from "../../src/sandbox/index.ts";
import { testAuthority } from "../support/certificates.ts";
import { account } from "../support/sandbox.ts";
import { sandboxEnvironment } from "../support/stack-world.ts";
import { type CommandRow, renderCommandsPage } from "./commands-page.ts";
import { measuredNow, needed } from "./process.ts";
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
  readonly program: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs `podtrust ARGS` as a process of its own; milliseconds from its start to its end. Throws unless it ends with 0. */
function timed({ program, folder, env }: Shell, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
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
async function benchStack(shell: Shell, quick: boolean): Promise<readonly CommandRow[]> {
  const { folder, program } = shell;
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

/** How long the commands take, as the text of docs/benchmarks-commands.md; `quick` for a look. */
export async function benchCommands(quick: boolean): Promise<string> {
  await needed({ taskset: "--version" });
  const measured = measuredNow();
  const folder = await mkdtemp(join(tmpdir(), "podtrust-bench-"));
  try {
    const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "own-state") };
    const shell: Shell = { program: await buildPackage(), folder, env };
    // The first one reads the files from the disk.
    await timed(shell, ["--help"]);
    const help = await repeated(quick ? 5 : 31, () => timed(shell, ["--help"]));
    const rows = await benchStack(shell, quick);
    return renderCommandsPage({
      ...measured,
      rows: [{ command: "podtrust --help", what: "the command's start", times: help, aimMs: 150 }, ...rows],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
