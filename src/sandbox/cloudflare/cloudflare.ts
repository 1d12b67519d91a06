import { randomBytes } from "node:crypto";
import {
  type Clock,
  defined,
  isoTime,
  type Logger,
  silentLogger,
  systemClock,
} from "../../core/base/index.ts";
import { closeListener, type ListenerOptions } from "../listener/index.ts";
import { Mischief, type MischiefChance, type MischiefRule } from "../mischief/index.ts";
import { type CloudflareMischief, cloudflareMischief } from "./mischief.ts";
import { showRecord } from "./records.ts";
import { Budget, openCloudflareServer, type CloudflareTokens } from "./server.ts";
import { type CloudflareVariants, defaultVariants, type CloudflareZone } from "./types.ts";

export interface StandInCloudflareOptions {
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /** Serves HTTPS, for clients whose URL is fixed. */
  readonly tls?: ListenerOptions["tls"];
  /**
   * The zones that the token may change.
   *
   * @default `example.com`, on the Free plan
   */
  readonly zones?: readonly (Partial<Pick<CloudflareZone, "plan" | "status" | "paused" | "type">> & {
    readonly name: string;
  })[];
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Which of several documented forms its answers have. */
  readonly variants?: Partial<CloudflareVariants>;
  /**
   * How often a valid request fails; `off` for never.
   *
   * @default every twentieth
   */
  readonly mischief?: MischiefChance<CloudflareMischief> | "off";
  /**
   * Requests in five minutes.
   *
   * @default 1200, as the API's
   */
  readonly requestsPerFiveMinutes?: number;
}

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
  const { zones: asked = [{ name: "example.com" }], clock = systemClock } = options;
  const zones = asked.map((zone): CloudflareZone => ({
    plan: "free",
    status: "active",
    paused: false,
    type: "full",
    ...zone,
    id: newId(),
    records: new Map(),
  }));
  const variants = { ...defaultVariants, ...options.variants };
  const tokens = { edit: randomBytes(20).toString("hex"), read: randomBytes(20).toString("hex") };
  const chance = options.mischief ?? defaultMischief;
  const mischief = new Mischief(cloudflareMischief, chance === "off" ? undefined : chance);
  const time = (): string => isoTime(clock.now()).replace("Z", "000Z");
  const where = { port: options.port ?? 0, ...defined({ tls: options.tls }) };
  const listener = await openCloudflareServer(where, {
    account: { id: newId(), tokenId: newId(), zones, variants, time },
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
    misbehave: (rule) => mischief.add(rule),
    close: () => closeListener(listener),
  };
}
