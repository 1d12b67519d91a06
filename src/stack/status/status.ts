import { defined, isoTime, type Link, links, nearest, PodtrustError } from "../../core/base/index.ts";
import { type Config, fetchingParties } from "../../config/index.ts";
import { type Finding, firstBroken, type LinkReport, type StatusReport, worstOf } from "./finding.ts";
import { gatherFacts, type GatherOptions } from "./gather/index.ts";
import { judgeFacts } from "./judge/index.ts";

export interface StatusOptions extends GatherOptions {
  /** Only these links. */
  readonly only?: readonly string[];
  /** All but these. */
  readonly skip?: readonly string[];
}

function checked(names: readonly string[]): ReadonlySet<string> {
  for (const name of names) {
    if (links.some((link) => link === name)) continue;
    const near = nearest(name, links);
    throw new PodtrustError("usage", `no link of the chain is called ${name}`, {
      next: near === undefined ? `The links: ${links.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  return new Set(names);
}

/** The selected links, in the order of the chain. Throws `usage` for a name that is none. */
function meant(only: readonly string[], skip: readonly string[]): readonly Link[] {
  const [wanted, left] = [checked(only), checked(skip)];
  return links.filter((link) => (wanted.size === 0 || wanted.has(link)) && !left.has(link));
}

/** What is served, and how it is reached. */
const served: ReadonlySet<Link> = new Set(["discovery", "jwks", "dns", "tls", "reachability"]);

/** Links of documents that are not fetched are left out: with uploaded keys, no issuer has to be served. */
function needed(config: Config, names: readonly Link[]): readonly Link[] {
  const isServed = config.publisher !== undefined || fetchingParties(config).length > 0;
  return isServed ? names : names.filter((name) => !served.has(name));
}

function reportOf(name: Link, findings: readonly Finding[], at: string): LinkReport {
  // Two URLs with the same problem report it once.
  const unique = [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
  return { name, outcome: worstOf(unique), findings: unique, at };
}

/**
 * Checks every link of the chain, all at the same time, and never stops at a failure. Changes nothing; mints a token of
 * one ServiceAccount of each role and asks STS with it. Throws `usage` and `interrupted` alone.
 */
export async function statusOf(options: StatusOptions): Promise<StatusReport> {
  const { config, signal, only = [], skip = [] } = options;
  const all = meant(only, skip);
  const names = only.length === 0 ? needed(config, all) : all;
  try {
    const facts = await gatherFacts(options, new Set(names));
    const at = isoTime(facts.now);
    const reports = [...judgeFacts(facts, names)].map(([name, findings]) => reportOf(name, findings, at));
    const broken = firstBroken(reports);
    return {
      stack: config.stack,
      issuer: config.issuer,
      at,
      links: reports,
      ...defined({ broken }),
    };
  } catch (error) {
    if (signal.aborted) throw new PodtrustError("interrupted", "ended by a signal");
    throw error;
  }
}
