import { randomBytes } from "node:crypto";
import { defined, isoTime, silentLogger, systemClock } from "../../core/base/index.ts";
import { closeListener } from "../listener/index.ts";
import { Mischief, type MischiefChance, type MischiefRule } from "../mischief/index.ts";
import { cloudflareForm, cloudflareRuleForm, type StandInCloudflareOptions } from "./options.ts";
import { type CloudflareMischief, cloudflareMischief } from "./mischief.ts";
import { showRecord } from "./records.ts";
import { Budget, openCloudflareServer, type CloudflareTokens } from "./server.ts";
import { defaultVariants, type CloudflareZone, type DnsRecord } from "./types.ts";

/** A running stand-in for Cloudflare's API. */
export interface StandInCloudflare {
  /** For CLOUDFLARE_BASE_URL: `http://127.0.0.1:PORT/client/v4`. */
  readonly url: string;
  readonly tokens: CloudflareTokens;
  /** The records of a zone, as the API would show them. */
  records(zone: string): readonly object[];
  /** Makes requests fail. */
  misbehave(rule: MischiefRule<CloudflareMischief>): void;
  close(): Promise<void>;
}

const defaultMischief: MischiefChance<CloudflareMischief> = { rate: 0.05, seed: 1 };
const newId = (): string => randomBytes(16).toString("hex");

/** Opens an account and listens; see `startStandInCloudflare`. */
export async function openCloudflare(options: StandInCloudflareOptions = {}): Promise<StandInCloudflare> {
  cloudflareForm(options, "startStandInCloudflare");
  const { zones: asked = [{ name: "example.com" }], clock = systemClock } = options;
  const zones = asked.map((zone): CloudflareZone => ({
    plan: "free",
    status: "active",
    paused: false,
    type: "full",
    ...defined(zone),
    name: zone.name,
    id: newId(),
    records: new Map(),
  }));
  const variants = { ...defaultVariants, ...defined(options.variants ?? {}) };
  const tokens = { edit: randomBytes(20).toString("hex"), read: randomBytes(20).toString("hex") };
  const chance = options.mischief ?? defaultMischief;
  const mischief = new Mischief(cloudflareMischief, chance === "off" ? undefined : chance);
  const time = (): string => isoTime(clock.now()).replace("Z", "000Z");
  const isListed = ({ created }: DnsRecord): boolean =>
    clock.now() - Date.parse(created) >= (options.lag ?? 0);
  const where = { port: options.port ?? 0, ...defined({ tls: options.tls }) };
  const listener = await openCloudflareServer(where, {
    account: { id: newId(), tokenId: newId(), zones, variants, time, isListed },
    tokens,
    mischief,
    budget: new Budget(options.requestsPerFiveMinutes ?? 1200, clock),
    logger: options.logger ?? silentLogger,
  });
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${listener.port}/client/v4`,
    tokens,
    records: (name) =>
      [...(zones.find((zone) => zone.name === name)?.records.values() ?? [])].map((record) =>
        showRecord(record, variants),
      ),
    misbehave(rule) {
      cloudflareRuleForm(rule, "misbehave");
      mischief.add(rule);
    },
    close: () => closeListener(listener),
  };
}
