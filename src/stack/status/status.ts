import { type Link, links, nearest, PodtrustError } from "../../base/index.ts";
import { lookAtPermissions, lookAtProviders, lookAtRoles, lookAtSts } from "./aws-links.ts";
import { lookAtCluster, lookAtInjection, lookAtServiceAccounts, lookAtTokens } from "./cluster-links.ts";
import { lookAtDiscovery, lookAtDns, lookAtJwks, lookAtReachability, lookAtTls } from "./outside-links.ts";
import {
  type Finding,
  findingOf,
  firstBroken,
  type LinkReport,
  type StatusReport,
  worstOf,
} from "./report.ts";
import { World, type WorldOptions } from "./world.ts";

type Look = (world: World) => Promise<readonly Finding[]>;

const looks: Readonly<Record<Link, Look>> = {
  cluster: lookAtCluster,
  discovery: lookAtDiscovery,
  jwks: lookAtJwks,
  dns: lookAtDns,
  tls: lookAtTls,
  reachability: lookAtReachability,
  provider: lookAtProviders,
  trust: lookAtRoles,
  serviceaccount: lookAtServiceAccounts,
  injection: lookAtInjection,
  token: lookAtTokens,
  sts: lookAtSts,
  permission: lookAtPermissions,
};

export interface StatusOptions extends WorldOptions {
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

/** The links that are meant, in the order of the chain. Throws `usage` for a name that is none. */
function meant(only: readonly string[], skip: readonly string[]): readonly Link[] {
  const [wanted, left] = [checked(only), checked(skip)];
  return links.filter((link) => (wanted.size === 0 || wanted.has(link)) && !left.has(link));
}

async function lookAt(world: World, name: Link): Promise<LinkReport> {
  let findings: readonly Finding[];
  try {
    findings = await looks[name](world);
  } catch (error) {
    findings = [findingOf(error, "podtrust")];
  }
  // Two URLs behind the same trouble say the same.
  findings = [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
  return { name, outcome: worstOf(findings), findings, at: new Date(world.clock.now()).toISOString() };
}

/**
 * Looks at every link of the chain, all at the same time, and never stops at a failure. Changes nothing; mints a
 * token of one ServiceAccount of each role and asks STS with it. Throws `usage` and `interrupted` alone.
 */
export async function statusOf(options: StatusOptions): Promise<StatusReport> {
  const names = meant(options.only ?? [], options.skip ?? []);
  const { config, clock, signal } = options;
  const world = new World(options);
  try {
    const reports = await Promise.all(names.map((name) => lookAt(world, name)));
    if (signal.aborted) throw new PodtrustError("interrupted", "ended by a signal");
    const broken = firstBroken(reports);
    return {
      stack: config.stack,
      issuer: config.issuer,
      at: new Date(clock.now()).toISOString(),
      links: reports,
      ...(broken === undefined ? {} : { broken }),
    };
  } finally {
    world.close();
  }
}
