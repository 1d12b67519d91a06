import { join } from "node:path";
import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, personStateDir } from "../../config/index.ts";
import type { AdoptionContext } from "../../control-plane/adoption/index.ts";
import { openServers, type Servers } from "../../control-plane/servers/index.ts";
import { proxyOf } from "../../rules/distribution/index.ts";
import type { CommandContext } from "../context.ts";
import { clusterOf } from "../options/cluster.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { shownWaits, withWaits } from "./waits.ts";

/** What was typed. */
export interface AdoptOptions extends RouteOptions {
  readonly file: string;
  readonly apiAudiences?: string;
  readonly yes?: boolean;
  readonly withoutApi?: boolean;
  readonly notAServer?: readonly string[];
}

function audiencesOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const audiences = text.split(",").map((one) => one.trim());
  if (audiences.every((one) => one !== "")) return audiences;
  throw new PodtrustError("usage", `--api-audiences ${text} has an empty audience`, {
    next: "Separate the audiences by commas, as the API server's flag has them.",
  });
}

async function serversOf(
  context: CommandContext,
  config: Config,
  { withoutApi = false, notAServer: notServers }: AdoptOptions,
): Promise<Servers | undefined> {
  const { cluster, servers = [] } = config;
  if (cluster === undefined || servers.length === 0) return undefined;
  const { env, clock, signal } = context;
  return withWaits(shownWaits(context), ({ waiting }) =>
    openServers({
      withoutApi,
      cluster,
      servers,
      stateDir: join(personStateDir(env), config.stack),
      purpose: "adopt",
      env,
      clock,
      signal,
      consent: consentOf(context),
      notice: (text) => context.progress.line(`note: ${text}`, 6),
      ...defined({ notServers }),
      onWait: (reason, deadline) => waiting("the API servers", reason, deadline),
    }),
  );
}

/** Opens the cluster of a command line and each of its API servers, hands them to `work`, and closes them in any case. */
export async function withAdoption<T>(
  context: CommandContext,
  options: AdoptOptions,
  work: (adoption: AdoptionContext) => Promise<T>,
): Promise<T> {
  const { clock, signal } = context;
  const audiences = audiencesOf(options.apiAudiences);
  const config = await configOf(context, options.file);
  const [api, route] = [await clusterOf(context, config), await routeOf(context, options)];
  const servers = await serversOf(context, config, options);
  const proxy = proxyOf(api.server);
  if (proxy !== undefined)
    context.progress.line(
      `note: ${api.server} is ${proxy}, and not an API server. Name a kubeconfig of the cluster's own, and list the machines in cluster.servers: each API server is reached there.`,
      6,
    );
  try {
    return await work({
      config,
      api,
      servers: servers?.all ?? [],
      route,
      clock,
      signal,
      ...defined({ audiences }),
    });
  } finally {
    await servers?.close();
  }
}
