import { type Clock, defined, type Logger } from "../../core/base/index.ts";
import { type StandInCloudflare, startStandInCloudflare } from "../cloudflare/index.ts";
import { atDoor, type Form, forms } from "../errors/index.ts";
import {
  type HetznerContents,
  type MachineMaker,
  type StandInHetzner,
  startStandInHetzner,
} from "../hetzner/index.ts";
import { variantsOf } from "./variants.ts";

export interface StandInCloudsOptions {
  /**
   * The DNS zones at either stand-in.
   *
   * @default ["example.com"]
   */
  readonly zones?: readonly string[];
  /**
   * How often a valid request fails, between 0 and 1; 0 for never.
   *
   * @default 0.05
   */
  readonly mischief?: number;
  /**
   * Milliseconds for which lists of either lack what was just made.
   *
   * @default 0
   */
  readonly lag?: number;
  /**
   * Forms of answers by name, as `hetzner.readOnlyRefusal: token_readonly`; see `cloudVariants`.
   *
   * @default the first of each
   */
  readonly variants?: Readonly<Record<string, string>>;
  /**
   * The clock of both.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  /**
   * Where both log.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * Makes the machines behind Hetzner's servers.
   *
   * @default no machine is made
   */
  readonly machines?: MachineMaker;
}

/** A table of a cloud's content, for display. */
export interface CloudTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Running stand-ins for the clouds that machines and names come from. */
export interface StandInClouds extends AsyncDisposable {
  readonly hetzner: StandInHetzner;
  readonly cloudflare: StandInCloudflare;
  /** What points clients at them; the tokens are secrets of the stand-ins. */
  readonly environment: Readonly<Record<string, string>>;
  tables(): readonly CloudTable[];
  close(): Promise<void>;
}

function serverRow(server: object): readonly string[] {
  const {
    name,
    status,
    location,
    server_type: type,
    public_net: net,
  } = server as {
    name: string;
    status: string;
    location: { name: string };
    server_type: { name: string };
    public_net: { ipv4: { ip: string } | null; ipv6: { ip: string } | null };
  };
  return [name, status, type.name, location.name, net.ipv4?.ip ?? "none", net.ipv6?.ip ?? "none"];
}

function serverTable({ servers }: HetznerContents): CloudTable {
  return {
    title: "Servers of the stand-in for Hetzner Cloud",
    columns: ["Name", "Status", "Type", "Location", "IPv4", "IPv6"],
    rows: servers.map(serverRow),
  };
}

function recordTable(zone: string, records: readonly object[]): CloudTable {
  return {
    title: `DNS records of ${zone} at the stand-in for Cloudflare`,
    columns: ["Name", "Type", "Content", "Comment"],
    rows: (
      records as readonly { name: string; type: string; content: string; comment?: string | null }[]
    ).map(({ name, type, content, comment }) => [name, type, content, comment ?? ""]),
  };
}

function recordSetTable(zone: string, sets: readonly object[]): CloudTable {
  return {
    title: `DNS records of ${zone} at the stand-in for Hetzner Cloud`,
    columns: ["Name", "Type", "Values"],
    rows: (sets as readonly { name: string; type: string; records: readonly { value: string }[] }[]).map(
      ({ name, type, records }) => [name, type, records.map(({ value }) => value).join(", ")],
    ),
  };
}

/**
 * Starts the stand-ins for Hetzner Cloud and Cloudflare on loopback. Throws `usage` for an unknown variant.
 *
 * @example
 * ```ts
 * await using clouds = await startStandInClouds({ mischief: 0, zones: ["example.com"] });
 * Object.assign(process.env, clouds.environment);
 * ```
 */
export function startStandInClouds(options: StandInCloudsOptions = {}): Promise<StandInClouds> {
  return atDoor(() => open(options));
}

const cloudsForm: Form = forms.members<StandInCloudsOptions>({
  zones: forms.texts,
  mischief: forms.rate,
  lag: forms.milliseconds,
  variants: forms.recordOf(forms.anyText),
  clock: forms.clock,
  logger: forms.logger,
  machines: forms.callback,
});

async function open(options: StandInCloudsOptions): Promise<StandInClouds> {
  cloudsForm(options, "startStandInClouds");
  const { zones = ["example.com"], mischief: rate = 0.05, clock, logger } = options;
  const variants = variantsOf(options.variants ?? {});
  const common = {
    ...defined({ clock, logger, lag: options.lag }),
    mischief: rate === 0 ? ("off" as const) : { rate, seed: 1 },
  };
  const hetzner = await startStandInHetzner({
    ...common,
    variants: variants.hetzner,
    zones: zones.map((name) => ({ name })),
    ...defined({ machines: options.machines }),
  });
  const cloudflare = await startStandInCloudflare({
    ...common,
    variants: variants.cloudflare,
    zones: zones.map((name) => ({ name })),
  });
  const close = async (): Promise<void> => {
    await Promise.all([hetzner.close(), cloudflare.close()]);
  };
  return {
    hetzner,
    cloudflare,
    environment: {
      HCLOUD_ENDPOINT: hetzner.url,
      HCLOUD_TOKEN: hetzner.tokens.readWrite,
      CLOUDFLARE_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
    },
    tables: () => [
      serverTable(hetzner.contents()),
      ...zones.map((zone) => recordTable(zone, cloudflare.records(zone))),
      ...zones.map((zone) => recordSetTable(zone, hetzner.recordSets(zone))),
    ],
    close,
    [Symbol.asyncDispose]: close,
  };
}
