import { errorText, lengthText, PodtrustError } from "../../core/base/index.ts";
import { replaceText } from "../../core/files/index.ts";
import { bold, rich, yellow } from "../../core/terminal/index.ts";
import {
  breakageOf,
  gatherMap,
  mapPage,
  type PublisherKey,
  type ServedMap,
  serveMap,
  trustMap,
  type TrustMap,
} from "../../map/index.ts";
import { redacted } from "../../doctor/index.ts";
import { publisherStatus } from "../../publisher/index.ts";
import type { Config } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { configOf } from "../options/config.ts";
import { consentOf } from "../options/consent.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { secondsOf } from "../options/seconds.ts";
import { checkReplaceable } from "./file.ts";

export interface MapCommandOptions extends RouteOptions {
  readonly file: string;
  readonly azureCli?: boolean;
  readonly output?: string;
  readonly redact?: boolean;
  /** Seconds, or a duration; true for the default. */
  readonly watch?: string | true;
  readonly port?: string;
}

const defaultFile = "podtrust-map.html";
const defaultWatch = 60;
const minWatch = 5;

/** The keys of this stack as its publisher knows them; undefined if no publisher answers here. */
async function publisherKeys({ publisher, issuer }: Config): Promise<readonly PublisherKey[] | undefined> {
  if (publisher === undefined) return undefined;
  try {
    const { issuers } = await publisherStatus(publisher.stateDir);
    return issuers.find((one) => one.issuer === issuer)?.keys;
  } catch (error) {
    if (error instanceof PodtrustError && error.code === "publisher-not-running") return undefined;
    throw error;
  }
}

function printSummary({ output }: CommandContext, map: TrustMap): void {
  const many = (kind: string): number => map.nodes.filter((node) => node.kind === kind).length;
  const proved = map.access.filter(({ proof }) => proof?.outcome === "accepted").length;
  output.line(rich`${bold(map.stack)}  ${map.issuer}`);
  const by = map.nodes.some(({ party }) => party !== undefined) ? "" : " by STS";
  output.line(
    `${many("service-account")} ServiceAccounts can become ${many("role")} roles by ${map.access.length} ways, ${proved} of them proved${by}`,
    2,
  );
  const { bindings } = map;
  const ready = bindings.filter((one) => one.ready?.status === "True").length;
  if (bindings.length > 0)
    output.line(`${bindings.length} ${bindings.length === 1 ? "binding" : "bindings"}, ${ready} Ready`, 2);
  for (const [kind, title] of [
    ["broken", "does not hold"],
    ["wider", "lets in more than intended"],
    ["unused", "is unused"],
  ] as const) {
    const count = map.findings.filter((one) => one.kind === kind).length;
    if (count > 0) output.line(`${count} ${count === 1 ? "thing" : "things"} that ${title}`, 2);
  }
  for (const { what, why } of map.unseen) output.line(yellow(`not seen: ${what}: ${why}`), 2);
}

/** The map as data, with what breaks when each of its keys, issuers, providers and roles goes. */
function mapResult(map: TrustMap): object {
  const breaks = breakageOf(map);
  const meant = map.nodes.filter(({ kind }) => kind !== "service-account");
  return { ...map, breaks: meant.map(({ id }) => breaks(id)) };
}

function watchSeconds(text: string | true): number {
  const seconds = text === true ? defaultWatch : secondsOf("--watch", text);
  if (seconds >= minWatch) return seconds;
  throw new PodtrustError("usage", `--watch looks every ${minWatch} s at the most`);
}

function portOf(text = "0"): number {
  if (/^\d{1,5}$/u.test(text) && Number(text) < 65_536) return Number(text);
  throw new PodtrustError("usage", `--port ${text} is no port`, { next: "Give a number from 0 to 65535." });
}

async function served(map: TrustMap, port: number, watch: number): Promise<ServedMap> {
  try {
    return await serveMap(map, { port, watch });
  } catch (cause) {
    throw new PodtrustError("usage", `the page cannot be served on port ${port}: ${errorText(cause)}`, {
      cause,
      next: "Give another --port, or none for any that is free.",
    });
  }
}

async function watchMap(
  context: CommandContext,
  look: () => Promise<TrustMap>,
  { watch = true, port }: MapCommandOptions,
): Promise<void> {
  const { clock, signal, output } = context;
  const seconds = watchSeconds(watch);
  const map = await look();
  const page = await served(map, portOf(port), seconds);
  try {
    printSummary(context, map);
    output.line();
    output.line(
      rich`The map is at ${bold(page.url)} until Ctrl-C; it looks again every ${lengthText(seconds * 1000)}.`,
    );
    output.result({ url: page.url });
    for (;;) {
      await clock.sleep(seconds * 1000, signal);
      page.show(await look());
    }
  } catch (error) {
    // Ctrl-C is how a watch ends.
    if (!signal.aborted) throw error;
  } finally {
    await page.close();
  }
}

/**
 * The page's file: undefined if it is served, or only data is wanted. Throws `usage` for options that exclude
 * each other.
 */
async function fileOf(context: CommandContext, options: MapCommandOptions): Promise<string | undefined> {
  const { watch, output: named, port } = options;
  if (watch !== undefined && named !== undefined)
    throw new PodtrustError("usage", "--watch serves the page and writes no file", {
      next: "Leave out --output.",
    });
  if (watch === undefined && port !== undefined)
    throw new PodtrustError("usage", "--port is for --watch", { next: "Add --watch, or leave out --port." });
  const name = named ?? (context.json ? undefined : defaultFile);
  if (watch !== undefined || name === undefined) return undefined;
  await checkReplaceable(context.path(name), name);
  return name;
}

/** Gathers the map, and writes it as a page, serves it, or prints it as data. */
export async function runMap(context: CommandContext, options: MapCommandOptions): Promise<void> {
  const { env, clock, signal, output } = context;
  const name = await fileOf(context, options);
  const config = await configOf(context, options.file);
  const route = await routeOf(context, options);
  const consent = consentOf(context);
  const look = async (): Promise<TrustMap> => {
    const keys = (): Promise<readonly PublisherKey[] | undefined> => publisherKeys(config);
    const azureCli = options.azureCli === true;
    const asked = { config, env, clock, consent, signal, route, azureCli, publisherKeys: keys };
    const facts = await gatherMap(asked);
    const map = trustMap(facts);
    return options.redact === true ? { ...redacted(map), redacted: true } : map;
  };
  if (options.watch !== undefined) return watchMap(context, look, options);
  const map = await look();
  if (name !== undefined) await replaceText(context.path(name), mapPage(map));
  printSummary(context, map);
  if (name !== undefined) {
    output.line();
    output.line(rich`The map is in ${bold(name)}, for its owner alone: open it in a browser.`);
  }
  output.result(mapResult(map));
  return undefined;
}
