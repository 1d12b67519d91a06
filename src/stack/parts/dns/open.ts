import { accessOf, openAws, route53Dns } from "../../../providers/aws/index.ts";
import type { Clock, Environment } from "../../../core/base/index.ts";
import { cloudflareAccess, cloudflareDns } from "../../../providers/cloudflare/index.ts";
import type { DnsConfig } from "../../../config/index.ts";
import {
  type AskServers,
  askServers,
  challengeRecords,
  type ChallengeRecords,
} from "../../../providers/dns/index.ts";
import type { DnsProvider } from "../../../rules/dns/index.ts";
import { openHetznerDns } from "../../../providers/hetzner/index.ts";
import type { StackOwner } from "../../../rules/plan/index.ts";

/** The zone to open, and the credentials for it. */
export interface DnsAccess extends StackOwner {
  readonly dns: DnsConfig;
  readonly env: Environment;
  readonly clock: Clock;
  /** Called with what is waited for, why, and until when (milliseconds of `Clock.elapsed()`). */
  readonly waiting: (reason: string, deadline: number) => void;
  /** How a zone's name servers are queried; over DNS by default. */
  readonly ask?: AskServers;
}

// Route 53 is one for all regions, and signed for this one (AWS General Reference, "Amazon Route 53 endpoints").
const route53Region = "us-east-1";

/** The provider of a config's dns section; makes no request yet. Throws if there is no token. */
export async function openDns({
  dns,
  stack,
  identity,
  env,
  clock,
  waiting,
}: DnsAccess): Promise<DnsProvider> {
  const { provider } = dns;
  const owner = { stack, identity };
  if (provider.kind === "cloudflare") {
    return cloudflareDns({
      access: await cloudflareAccess(provider.cloudflare, env),
      ...owner,
      clock,
      waiting,
    });
  }
  if (provider.kind === "hetzner") {
    return openHetznerDns({ ...provider.hetzner, env, clock }, owner);
  }
  const { profile, assumeRole } = provider.route53;
  const own = profile === undefined ? "the AWS credentials of the environment" : `profile ${profile}`;
  const session = openAws(accessOf({ region: route53Region, ...provider.route53 }, clock));
  return route53Dns(session, owner, assumeRole ?? own);
}

/** The same, as a place for a certificate authority's challenge records. */
export async function openChallengeRecords(access: DnsAccess): Promise<ChallengeRecords> {
  const { clock, waiting, ask = askServers() } = access;
  return challengeRecords({ provider: await openDns(access), clock, ask, waiting });
}
