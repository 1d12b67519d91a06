import { randomBytes } from "node:crypto";
import { defined, silentLogger, systemClock } from "../../core/base/index.ts";
import { closeListener } from "../listener/index.ts";
import { Mischief, type MischiefChance, type MischiefRule } from "../mischief/index.ts";
import { forms } from "../errors/index.ts";
import { hetznerForm, hetznerRuleForm, type StandInHetznerOptions } from "./options.ts";
import { type HetznerMischief, hetznerMischief } from "./mischief.ts";
import { type Delays, HetznerProject } from "./project.ts";
import { openHetznerServer, HourlyLimit, type HetznerTokens } from "./server.ts";
import { showFirewall, showPrimaryIp, showServer } from "./show.ts";
import { defaultVariants } from "./variants.ts";
import { newZone, showRecordSet } from "./zones.ts";

/** The project's content, as the API would show it. */
export interface HetznerContents {
  readonly sshKeys: readonly object[];
  readonly firewalls: readonly object[];
  readonly primaryIps: readonly object[];
  readonly servers: readonly object[];
}

/** A running stand-in for the Hetzner Cloud API. */
export interface StandInHetzner {
  /** For HCLOUD_ENDPOINT: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly tokens: HetznerTokens;
  /** The project's current content. */
  contents(): HetznerContents;
  /** The record sets of a zone, as the API would show them. */
  recordSets(zone: string): readonly object[];
  /** The user data of a server, which the API never returns. */
  userData(server: string): string | undefined;
  /** Marks a type as sold out, everywhere (`cax11`) or in one location (`cax11@nbg1`). */
  sellOut(type: string): void;
  /** Makes requests fail. */
  misbehave(rule: MischiefRule<HetznerMischief>): void;
  close(): Promise<void>;
}

const defaultDelays: Delays = { action: 1000, firewall: 1000, release: 3000 };
const defaultMischief: MischiefChance<HetznerMischief> = { rate: 0.05, seed: 1 };

function contentsOf(project: HetznerProject): HetznerContents {
  project.settle();
  return {
    sshKeys: [...project.sshKeys.values()],
    firewalls: [...project.firewalls.values()].map((one) => showFirewall(project, one)),
    primaryIps: [...project.primaryIps.values()].map((one) => showPrimaryIp(project, one)),
    servers: [...project.servers.values()].map((one) => showServer(project, one)),
  };
}

/** Opens a project and listens; see `startStandInHetzner`. */
export async function openHetzner(options: StandInHetznerOptions = {}): Promise<StandInHetzner> {
  hetznerForm(options, "startStandInHetzner");
  const clock = options.clock ?? systemClock;
  const project = new HetznerProject(
    clock,
    { ...defaultDelays, ...defined(options.delays ?? {}) },
    { ...defaultVariants, ...defined(options.variants ?? {}) },
    options,
  );
  for (const wanted of options.zones ?? []) {
    const zone = newZone(project, wanted);
    project.zones.set(zone.id, zone);
  }
  const chance = options.mischief ?? defaultMischief;
  const mischief = new Mischief(hetznerMischief, chance === "off" ? undefined : chance);
  const tokens = { readWrite: randomBytes(32).toString("hex"), readOnly: randomBytes(32).toString("hex") };
  const listener = await openHetznerServer(options.port ?? 0, {
    project,
    tokens,
    mischief,
    limit: new HourlyLimit(options.requestsPerHour ?? 3600, clock),
    logger: options.logger ?? silentLogger,
  });
  return {
    url: `http://127.0.0.1:${listener.port}/v1`,
    tokens,
    contents: () => contentsOf(project),
    recordSets(name) {
      project.settle();
      const zone = [...project.zones.values()].find((one) => one.name === name);
      return zone === undefined ? [] : [...zone.sets.values()].map((set) => showRecordSet(zone, set));
    },
    userData: (name) => [...project.servers.values()].find((server) => server.name === name)?.userData,
    sellOut(type) {
      forms.text(type, "sellOut: the type");
      project.soldOut.add(type);
    },
    misbehave(rule) {
      hetznerRuleForm(rule, "misbehave");
      mischief.add(rule);
    },
    close: async () => {
      await closeListener(listener);
      const machines = [...project.servers.values()].flatMap(({ machine }) => machine ?? []);
      await Promise.all(machines.map((machine) => machine.remove()));
    },
  };
}
