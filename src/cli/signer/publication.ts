import { defined, durationText, isoSeconds, PodtrustError, silentLogger } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import { type Publication, publicationOf } from "../../control-plane/rotation/index.ts";
import { openUploads } from "../../publisher/index.ts";
import { relyingParties, rotationTimeline } from "../../rules/oidc/index.ts";
import type { RingKey } from "../../rules/signer/index.ts";
import type { RotationTimes } from "../../rules/rotation/index.ts";
import { KeyFolder } from "../../signer/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { publisherCacheOf } from "../options/publisher-cache.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { typedTime } from "../options/time.ts";

/** What was typed about a key's publication. */
export interface PublishedOptions extends RouteOptions {
  readonly state: string;
  readonly file: string;
  readonly publishedSince?: string;
  readonly seenThroughProxy?: boolean;
}

/** Where there is no config: a publisher's own defaults, and the longest that any relying party keeps a set. */
const longestTimes: RotationTimes = {
  poll: 10_000,
  publisherCache: 60_000,
  relyingPartyCache: Math.max(...Object.values(relyingParties).map(({ keys }) => keys.fetchedMs)),
};

/** The config, if it is there. */
async function foundConfig(context: CommandContext, file: string): Promise<Config | undefined> {
  try {
    return await configOf(context, file);
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "config-unreadable") return undefined;
    throw error;
  }
}

async function publication(
  context: CommandContext,
  config: Config,
  options: PublishedOptions,
): Promise<Publication> {
  const { env, clock } = context;
  return publicationOf({
    config,
    route: await routeOf(context, options),
    given: await openUploads(config, { env, clock, logger: silentLogger }),
    publisherCache: publisherCacheOf(config),
    ...defined({ seenThroughProxy: options.seenThroughProxy }),
  });
}

/** Throws `signer-not-published` unless everything that relying parties are shown has the key. */
async function checkShown({ look }: Publication, kid: string, signal: AbortSignal): Promise<void> {
  const { seen, failures } = await look(signal);
  const lacking = seen.filter(({ kids }) => kids?.includes(kid) !== true).map(({ where }) => where);
  if (seen.length > 0 && lacking.length === 0) return;
  const where = seen.length === 0 ? "" : ` as seen from outside ${lacking.join(" and ")}`;
  const why = failures.length === 0 ? "" : `: ${failures.join("; ")}`;
  throw new PodtrustError("signer-not-published", `${kid} is not published${where}${why}`, {
    detail: { kid, lacking, failures },
  });
}

/** Throws `signer-key-young` while a relying party may still use a set without the key. */
function checkAge(kid: string, since: number, times: RotationTimes, now: number): void {
  const { poll, publisherCache, relyingPartyCache } = times;
  const caches = { publisher: publisherCache, relyingParty: relyingPartyCache };
  const { maySign } = rotationTimeline({ createdAt: since, poll, caches, maxToken: 0 });
  if (now >= maySign.at) return;
  const parts = `${durationText(poll)} until every publisher has it, ${durationText(publisherCache)} of Cache-Control, ${durationText(relyingPartyCache)} of relying parties' caches`;
  throw new PodtrustError(
    "signer-key-young",
    `${kid} is known to be published since ${isoSeconds(since)}: a relying party may still use a set without it until ${isoSeconds(maySign.at)} (${parts})`,
    {
      next: `Run it again from ${isoSeconds(maySign.at)} on. If it was published earlier, say when: --published-since TIME`,
      detail: { kid, since, from: maySign.at },
    },
  );
}

/**
 * Whether every relying party takes a key's tokens by now: what is published shows it, over each family of addresses and at
 * each place with uploaded keys, and has for as long as others keep a set. When it was first seen there is remembered with
 * the key. A stated time takes the place of looking. Throws `signer-not-published`, `signer-key-young`, and what reading the
 * config throws.
 */
export async function checkPublished(
  context: CommandContext,
  options: PublishedOptions,
  { kid }: RingKey,
): Promise<void> {
  const { clock, signal } = context;
  const { publishedSince: stated, file } = options;
  if (stated !== undefined) {
    const config = await foundConfig(context, file);
    const times = config === undefined ? longestTimes : (await publication(context, config, options)).times;
    return checkAge(kid, typedTime("--published-since", stated) * 1000, times, clock.now());
  }
  const shown = await publication(context, await configOf(context, file), options);
  await checkShown(shown, kid, signal);
  const since = await new KeyFolder(context.path(options.state), clock).seenPublished(kid);
  return checkAge(kid, since, shown.times, clock.now());
}
