import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
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

/** A project that is empty, a folder with a config, and the command line, on one clock that does not wait. */
export interface HetznerWorld {
  readonly folder: string;
  readonly hetzner: StandInHetzner;
  readonly clock: SwiftClock;
  readonly env: Record<string, string>;
  config(text: string): Promise<void>;
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  json(
    args: readonly string[],
    host?: Partial<Host>,
  ): Promise<{ readonly code: number | null; readonly result: ShownMachine; readonly err: string }>;
  /** One request as somebody else makes it, past podtrust. */
  ask(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

/** Starts it; ends with the test. */
export async function hetznerWorld(
  t: TestContext,
  options: StandInHetznerOptions = {},
): Promise<HetznerWorld> {
  const clock = new SwiftClock();
  const hetzner = await startStandInHetzner({ clock, mischief: "off", ...options });
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
  const podtrust = (args: readonly string[], host: Partial<Host> = {}): Promise<CliResult> =>
    podtrustHere(args, { cwd: folder, clock, env, ...host });
  const config = (text: string): Promise<void> => writeFile(join(folder, "podtrust.yaml"), text);
  await config(machineConfig());
  return {
    folder,
    hetzner,
    clock,
    env,
    config,
    podtrust,
    async json(args, host) {
      const { code, out, err } = await podtrust([...args, "--json"], host);
      return { code, err, result: JSON.parse(out) as ShownMachine };
    },
    async ask(method, path, body) {
      const response = await fetch(`${hetzner.url}/${path}`, {
        method,
        headers: { authorization: `Bearer ${hetzner.tokens.readWrite}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    },
  };
}
