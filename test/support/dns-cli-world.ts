import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { defined, mapped, silentLogger } from "../../src/core/base/index.ts";
import type { Host } from "../../src/cli/index.ts";
import { type StandInCloudflareOptions, startStandInCloudflare } from "../../src/sandbox/index.ts";
import { type CliResult, podtrustHere } from "./cli.ts";
import type { Shown } from "./stack-world.ts";
import { SwiftClock } from "./swift-clock.ts";

/** A record as the stand-in shows it. */
export interface ShownRecord {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
  readonly comment?: string | null;
}

/** A zone at a stand-in for Cloudflare, a folder with a config, and the command line. */
export interface DnsCliWorld {
  readonly folder: string;
  readonly api: Awaited<ReturnType<typeof startStandInCloudflare>>;
  readonly env: Readonly<Record<string, string>>;
  /** Called after each request that wrote, with how many that makes. */
  onWrite: (count: number) => void;
  config(text: string): Promise<void>;
  podtrust(args: readonly string[], host?: Partial<Host>): Promise<CliResult>;
  json(args: readonly string[], host?: Partial<Host>): Promise<CliResult & { readonly result: Shown }>;
  records(): readonly ShownRecord[];
  /** What somebody else does at the API, past all mischief of the stand-in's. */
  byHand(method: string, path: string, body?: object): Promise<void>;
  zoneId(): Promise<string>;
}

/** Starts it all; ends with the test. */
export async function dnsCliWorld(
  t: TestContext,
  options: StandInCloudflareOptions = {},
): Promise<DnsCliWorld> {
  let writes = 0;
  const api = await startStandInCloudflare({
    mischief: "off",
    logger: {
      ...silentLogger,
      debug(_message, fields = {}) {
        if (fields["method"] === "GET") return;
        writes += 1;
        world.onWrite(writes);
      },
    },
    ...options,
  });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-dns-"));
  t.after(async () => {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });
  const env = { CLOUDFLARE_BASE_URL: api.url, CLOUDFLARE_API_TOKEN: api.tokens.edit };
  const asked = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${api.tokens.edit}` },
      ...defined({ body: mapped(body, JSON.stringify) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return ((await response.json()) as { result: unknown }).result;
  };
  const world: DnsCliWorld = {
    folder,
    api,
    env,
    onWrite: () => {},
    config: (text) => writeFile(join(folder, "podtrust.yaml"), text),
    podtrust: (args, host = {}) => podtrustHere(args, { cwd: folder, clock: new SwiftClock(), env, ...host }),
    async json(args, host) {
      const said = await world.podtrust([...args, "--json"], host);
      return { ...said, result: JSON.parse(said.out) as Shown };
    },
    records: () => api.records("example.com") as ShownRecord[],
    async byHand(method, path, body) {
      await asked(method, path, body);
    },
    async zoneId() {
      const [zone] = (await asked("GET", "/zones?name=example.com")) as [{ id: string }];
      return zone.id;
    },
  };
  return world;
}
