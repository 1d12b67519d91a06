import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { defined, type Logger, mapped, silentLogger } from "../../src/core/base/index.ts";
import type { Host } from "../../src/cli/index.ts";
import {
  type StandInHetzner,
  type StandInHetznerOptions,
  startStandInHetzner,
} from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "./cli.ts";
import type { Shown } from "./stack-world.ts";
import { SwiftClock } from "./swift-clock.ts";

/** A machine's section; `more` are lines of `machine`, `hetzner` lines of `machine.hetzner`. */
export function machineConfig(hetzner = "", more = ""): string {
  return `
stack: prod
identity: 3f2a91bc
issuer: https://oidc.example.com
machine:
  hetzner:
    type: cax11
    location: nbg1
    sshFrom: [198.51.100.7/32, "2001:DB8:0:1::/64"]
${hetzner.replaceAll(/^/gmu, "    ")}
${more.replaceAll(/^/gmu, "  ")}
`;
}

/** The object of `--json` with what a machine costs. */
export interface ShownMachine extends Shown {
  readonly costs: readonly { readonly what: string; readonly currency: string; readonly gross: string }[];
}

/** What stands in a project, as far as tests look at it. */
export interface Contents {
  readonly sshKeys: readonly {
    readonly id: number;
    readonly name: string;
    readonly public_key: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  readonly firewalls: readonly {
    readonly id: number;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly rules: readonly { readonly port: string; readonly source_ips: readonly string[] }[];
  }[];
  readonly primaryIps: readonly {
    readonly id: number;
    readonly name: string;
    readonly type: string;
    readonly ip: string;
    readonly location: { readonly name: string };
    readonly auto_delete: boolean;
    readonly assignee_id: number | null;
    readonly labels: Readonly<Record<string, string>>;
    readonly protection: { readonly delete: boolean };
  }[];
  readonly servers: readonly {
    readonly id: number;
    readonly name: string;
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly server_type: { readonly name: string };
    readonly location: { readonly name: string };
    readonly protection: { readonly delete: boolean };
    readonly public_net: {
      readonly ipv4: { readonly id: number; readonly ip: string } | null;
      readonly ipv6: { readonly id: number; readonly ip: string } | null;
      readonly firewalls: readonly { readonly id: number; readonly status: string }[];
    };
  }[];
}

/** A project in which there is nothing. */
export const nothing: Contents = { sshKeys: [], firewalls: [], primaryIps: [], servers: [] };

/** A project that is empty, a folder with a config, and the command line, on one clock that does not wait. */
export interface HetznerWorld {
  readonly folder: string;
  readonly hetzner: StandInHetzner;
  readonly clock: SwiftClock;
  readonly env: Record<string, string>;
  contents(): Contents;
  /** Changes that a plan has, as `create server/prod`. */
  planned(...args: string[]): Promise<readonly string[]>;
  /** Called with each request that the project was asked to change something by, once that is done. */
  onWrite: (line: string) => void;
  /** Writes podtrust.yaml, which has `machineConfig()` at first. */
  config(text: string): Promise<void>;
  /** Runs `podtrust ARGS`, of the machine alone by default. */
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  /** Runs it as it stands: with a saved plan, which has a selection of its own. */
  saved(args: readonly string[]): Promise<CliResult>;
  json(
    args: readonly string[],
    host?: Partial<Host>,
  ): Promise<{ readonly code: number | null; readonly result: ShownMachine; readonly err: string }>;
  /** The headers of an answer. */
  headers(): Promise<Record<string, string>>;
  /** One request as somebody else makes it, past podtrust. */
  ask(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

/** Starts it; ends with the test. */
export async function hetznerWorld(
  t: TestContext,
  options: StandInHetznerOptions = {},
): Promise<HetznerWorld> {
  const clock = new SwiftClock();
  let onWrite = (_line: string): void => {};
  const logger: Logger = {
    ...silentLogger,
    debug(_text, { method, path } = {}) {
      if (method !== "GET") onWrite(`${String(method)} ${String(path)}`);
    },
  };
  const hetzner = await startStandInHetzner({ clock, logger, mischief: "off", ...options });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-hetzner-"));
  t.after(async () => {
    await hetzner.close();
    await rm(folder, { recursive: true });
  });
  const env: Record<string, string> = {
    HCLOUD_ENDPOINT: hetzner.url,
    HCLOUD_TOKEN: hetzner.tokens.readWrite,
    HOME: folder,
  };
  const podtrust = (args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> => {
    // No machine is started: what is set up on one is another test's.
    const isWhole = ["plan", "up", "down"].includes(args[0] ?? "") && !args.includes("--only");
    const all = isWhole ? [...args, "--only", "machine"] : args;
    return podtrustHere(all, { cwd: folder, clock, env, ...host });
  };
  const config = (text: string): Promise<void> => writeFile(join(folder, "podtrust.yaml"), text);
  await config(machineConfig());
  const json: HetznerWorld["json"] = async (args, host) => {
    const { code, out, err } = await podtrust([...args, "--json"], host);
    return { code, err, result: JSON.parse(out) as ShownMachine };
  };
  return {
    folder,
    hetzner,
    clock,
    env,
    config,
    podtrust,
    json,
    saved: (args) => podtrustHere(args, { cwd: folder, clock, env }),
    contents: () => hetzner.contents() as unknown as Contents,
    async planned(...args) {
      const { result } = await json(["plan", ...args]);
      return result.changes
        .filter(({ kind }) => kind !== "none")
        .map(({ id, kind }) => `${kind} ${id.replace("hetzner/", "")}`);
    },
    set onWrite(listener: (line: string) => void) {
      onWrite = listener;
    },
    async headers() {
      const headers = { authorization: `Bearer ${hetzner.tokens.readWrite}` };
      return Object.fromEntries((await fetch(`${hetzner.url}/locations`, { headers })).headers);
    },
    async ask(method, path, body) {
      const response = await fetch(`${hetzner.url}/${path}`, {
        method,
        headers: { authorization: `Bearer ${hetzner.tokens.readWrite}` },
        ...defined({ body: mapped(body, JSON.stringify) }),
      });
      const text = await response.text();
      return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
  };
}
