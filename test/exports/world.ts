import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { type Logger, silentLogger, systemClock } from "../../src/core/base/index.ts";
import { newSshKeyPair } from "../../src/providers/host/index.ts";
import {
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { buildAppliers } from "../cluster/build.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import type { Contents } from "../support/hetzner-world.ts";
import type { Shown } from "../support/stack-world.ts";

/** A machine whose name is at Hetzner too, so that one provider makes all of it. */
export const config = (more = ""): string => `stack: prod
issuer: https://oidc.example.com
dns: hetzner
machine:
  hetzner: {type: cax11, location: nbg1, sshFrom: [198.51.100.7/32]}
${more}`;

/** What a plan of OpenTofu would do, by the address of each resource that it would touch. */
export interface TofuPlan {
  readonly imported: readonly string[];
  /** `create`, `update`, `delete`, `delete create` by address, with the attributes that differ. */
  readonly actions: Readonly<Record<string, { readonly action: string; readonly fields: readonly string[] }>>;
}

/** An empty project, a stack's config, and a folder that OpenTofu works in. */
export interface ExportsWorld {
  readonly hetzner: StandInHetzner;
  /** Requests that changed something, as `POST /v1/servers/1/actions/poweroff`; also those that went wrong. */
  readonly writes: string[];
  contents(): Contents;
  /** Writes podtrust.yaml, which has `config()` at first. */
  config(text: string): Promise<void>;
  recordSets(): readonly object[];
  /** Names a key of the person's own in the config, and gives its public text. */
  loginKey(): Promise<string>;
  /** One request as somebody else makes it. */
  ask(path: string, body: object): Promise<void>;
  /** Runs `podtrust ARGS` of the machine and the name alone. */
  podtrust(...args: string[]): Promise<CliResult>;
  /** Runs `podtrust ARGS` of the whole stack. */
  whole(...args: string[]): Promise<CliResult>;
  /** Changes that podtrust plans, as `create hetzner/server/prod`. */
  planned(...args: string[]): Promise<readonly string[]>;
  /** Writes the export into OpenTofu's folder. */
  exported(...args: string[]): Promise<string>;
  /** Writes another text there. */
  write(text: string): Promise<void>;
  tofu(...args: string[]): Promise<CliResult>;
  tofuPlan(...args: string[]): Promise<TofuPlan>;
}

interface PlanOfTofu {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly mode: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before: Readonly<Record<string, unknown>> | null;
      readonly after: Readonly<Record<string, unknown>> | null;
      readonly importing?: object;
    };
  }[];
}

function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<CliResult> {
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 600_000 });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

function planOf(text: string): TofuPlan {
  const { resource_changes: changes = [] } = JSON.parse(text) as PlanOfTofu;
  const touched = changes.filter(
    ({ mode, change }) => mode === "managed" && change.actions.join() !== "no-op",
  );
  return {
    imported: changes.filter(({ change }) => change.importing !== undefined).map(({ address }) => address),
    actions: Object.fromEntries(
      touched.map(({ address, change: { actions, before, after } }) => {
        const names = Object.keys({ ...before, ...after });
        const fields = names.filter(
          (name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
        );
        return [address, { action: actions.join(" "), fields }];
      }),
    ),
  };
}

/** Starts it; ends with the test. OpenTofu runs Hetzner's provider from its file, and asks no registry. */
export async function exportsWorld(
  t: TestContext,
  options: StandInHetznerOptions = {},
): Promise<ExportsWorld> {
  const programs = await buildAppliers((line) => t.diagnostic(line));
  const writes: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    debug(_text, { method, path } = {}) {
      if (method !== "GET") writes.push(`${String(method)} ${String(path)}`);
    },
  };
  const hetzner = await startStandInHetzner({
    logger,
    mischief: "off",
    zones: [{ name: "example.com" }],
    delays: { action: 50, firewall: 50, release: 100 },
    // A million, so that what it takes to see an action end is not what is counted.
    requestsPerHour: 1_000_000,
    ...options,
  });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-exports-"));
  t.after(async () => {
    await hetzner.close();
    await rm(folder, { recursive: true });
  });
  const work = join(folder, "tofu");
  await mkdir(work);
  await writeFile(join(folder, "podtrust.yaml"), config());
  const provider = JSON.stringify(dirname(programs["terraform-provider-hcloud"]));
  const overrides = `dev_overrides {\n    "hetznercloud/hcloud" = ${provider}\n  }`;
  await writeFile(join(folder, "tofu.rc"), `provider_installation {\n  ${overrides}\n}\n`);
  const env: Record<string, string> = {
    HCLOUD_ENDPOINT: hetzner.url,
    HCLOUD_TOKEN: hetzner.tokens.readWrite,
    HOME: folder,
  };
  const forTofu = {
    ...env,
    PATH: process.env["PATH"] ?? "",
    TF_CLI_CONFIG_FILE: join(folder, "tofu.rc"),
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
  };
  const tofu = (...args: string[]): Promise<CliResult> => run(programs.tofu, args, work, forTofu);
  const whole = (...args: string[]): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, clock: systemClock, env });
  const podtrust = (...args: string[]): Promise<CliResult> => {
    const isSelected = ["plan", "up", "down"].includes(args[0] ?? "");
    return whole(...args, ...(isSelected ? ["--only", "machine", "--only", "record"] : []));
  };
  const write = (text: string): Promise<void> => writeFile(join(work, "main.tf"), text);
  return {
    hetzner,
    writes,
    config: (text) => writeFile(join(folder, "podtrust.yaml"), text),
    contents: () => hetzner.contents() as unknown as Contents,
    recordSets: () => hetzner.recordSets("example.com"),
    async loginKey() {
      const { publicKey } = newSshKeyPair("somebody@example.com");
      await writeFile(join(folder, "login.pub"), `${publicKey}\n`);
      await writeFile(join(folder, "podtrust.yaml"), config("  sshKey: ./login.pub\n"));
      return publicKey.trim();
    },
    async ask(path, body) {
      const { ok, status } = await fetch(`${hetzner.url}/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${hetzner.tokens.readWrite}` },
        body: JSON.stringify(body),
      });
      assert.ok(ok, String(status));
    },
    podtrust,
    whole,
    write,
    async planned(...args) {
      const { out, err } = await podtrust("plan", ...args, "--json");
      assert.notEqual(out, "", err);
      const { changes } = JSON.parse(out) as Shown;
      return changes.filter(({ kind }) => kind !== "none").map(({ id, kind }) => `${kind} ${id}`);
    },
    async exported(...args) {
      const { code, out, err } = await podtrust("export", "opentofu", ...args);
      assert.equal(code, 0, err);
      await write(out);
      return out;
    },
    tofu,
    async tofuPlan(...args) {
      const { code, out, err } = await tofu("plan", "-input=false", "-no-color", "-out=tfplan", ...args);
      assert.equal(code, 0, out + err);
      const shown = await tofu("show", "-json", "tfplan");
      assert.equal(shown.code, 0, shown.err);
      return planOf(shown.out);
    },
  };
}
