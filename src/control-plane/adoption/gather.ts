import { type Clock, defined, errorText } from "../../core/base/index.ts";
import type { Config } from "../../config/index.ts";
import type { IssuerRoute } from "../../issuer/index.ts";
import { type KubernetesApi, readCluster } from "../../providers/kubernetes/index.ts";
import type { AwsAccess, AwsSession } from "../../providers/aws/index.ts";
import {
  type AdoptionFacts,
  audiencesOf,
  oldIssuers,
  oldTokens,
  type OldTokens,
} from "../../rules/adoption/index.ts";
import { talosMinor, distributionOf, type DistributionHints } from "../../rules/distribution/index.ts";
import { parseIssuer } from "../../rules/oidc/index.ts";
import { podTokensOf, type TokenRules } from "../../rules/tokens/index.ts";
import { askedThroughRestart, type ControlPlaneServer } from "../servers/index.ts";
import { type LegacyTokenSecret, readLegacyTokens, readPods, trackedSince } from "../tokens/index.ts";
import { readAccounts } from "./accounts.ts";
import type { Working } from "./change-server.ts";
import { type IssuerChecker, readCheckers } from "./checkers.ts";
import { type OtherPublisher, readDocuments, readPublisher } from "./documents.ts";
import { type Agreeing, readServers, type ObservedServers } from "./servers.ts";
import { readSwitches, type IssuerSwitches } from "./switches.ts";

/** The context of adoption. */
export interface AdoptionContext {
  readonly config: Config;
  /** The cluster, as the config reaches it. */
  readonly api: KubernetesApi;
  /** Each of `cluster.servers`, at its own address; none where the config lists none. */
  readonly servers: readonly ControlPlaneServer[];
  readonly route: IssuerRoute;
  /** `--api-audiences` as requested. */
  readonly audiences?: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openAws?: (access: AwsAccess) => AwsSession;
}

/** What depends on a cluster's present issuer. */
export interface Dependents {
  /** Tokens of the former issuers that pods may hold: computed, not read. */
  readonly oldTokens: OldTokens;
  /** The same of the new issuer, for the way back. */
  readonly newTokens: OldTokens;
  /** They name none of these issuers, and stay valid at the API servers. */
  readonly legacyTokens: readonly LegacyTokenSecret[];
  /** A date: since when the API servers record that one was used. */
  readonly legacyTrackedSince?: string;
  /** The publishers of a former issuer's documents. */
  readonly publishers: readonly OtherPublisher[];
  readonly checkers: readonly IssuerChecker[];
}

/** Everything that adoption is judged by, read before anything is judged. */
export interface AdoptionReading {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly hints: DistributionHints;
  readonly facts: AdoptionFacts;
  readonly dependents: Dependents;
  /** The API servers' rules for the tokens that pods request. */
  readonly rules: TokenRules;
  /** Every pod was read: otherwise it is unknown whether a token is still valid. */
  readonly sawPods: boolean;
  /** What could not be read, and why; one part each. */
  readonly unseen: readonly string[];
}

/** Collects what could not be read instead of failing. */
class Looks {
  readonly unseen: string[] = [];
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async at<T>(what: string, look: Promise<T>, orElse: T): Promise<T> {
    try {
      return await look;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.unseen.push(`${what}: ${errorText(error)}`);
      return orElse;
    }
  }
}

const none = { kept: [], isWhole: true } as const;

/** What is read: for the way back only the API servers and the tokens that pods hold. */
export type Scope = "all" | "back";

export interface AdoptionGather {
  /** `all` by default. */
  readonly scope?: Scope;
  /** The API servers are to remember when they stopped signing as an issuer; called where that cannot be written. */
  readonly remember?: (couldNot: string) => void;
}

// These are not listed; each is bounded by what an API server or a name allows.
const neverSeen: readonly string[] = [
  "tokens without a pod (kubectl create token, CI systems, controllers): nothing lists them; each lives as long as it was asked for, at most as --service-account-max-token-expiration allows",
  "clients outside of the cluster that compare iss, such as roles of Vault: ask who runs them",
];

/**
 * From when on no server signs as any of these issuers: now, while one still does. Where the config lists no server, nothing is
 * remembered: then it is since the last of them was started, as the cluster says.
 */
function switchedAt(
  { servers }: ObservedServers,
  issuers: readonly string[],
  { now, since }: IssuerSwitches | { readonly now: number; readonly since?: undefined },
): number {
  const signs = servers.some(({ issuers: [first = ""] }) => issuers.includes(first));
  if (signs || servers.length === 0) return now;
  if (since === undefined) return Math.max(...servers.map(({ startedAt = now }) => startedAt));
  return Math.max(0, ...issuers.map((issuer) => since(issuer) ?? now));
}

function rulesOf({ servers, isExtended, maxTokenMs }: ObservedServers): TokenRules {
  return { audiences: servers.flatMap(audiencesOf), maximum: maxTokenMs, extend: isExtended };
}

/** The surroundings of a cluster that only the way to the new issuer needs. */
type Around = Pick<AdoptionFacts, "documents" | "accounts"> &
  Pick<Dependents, "legacyTokens" | "legacyTrackedSince" | "publishers" | "checkers">;

const nothingAround: Around = {
  documents: { families: [], kids: [] },
  accounts: [],
  legacyTokens: [],
  publishers: [],
  checkers: [],
};

async function readAround(
  { config, api, route, clock, signal, openAws }: AdoptionContext,
  old: readonly string[],
  looks: Looks,
): Promise<Around> {
  const [legacy, tracked, checkers, documents, accounts, publishers] = await Promise.all([
    looks.at("tokens in Secrets", readLegacyTokens(api, { signal }), none),
    looks.at("since when the use of tokens in Secrets is written down", trackedSince(api, signal), undefined),
    looks.at("what else checks issuers", readCheckers(api, signal), []),
    readDocuments(config.issuer, route, signal),
    readAccounts({ config, old, clock, ...defined({ openAws }) }, signal),
    Promise.all(old.map((one) => readPublisher(one, route, signal))),
  ]);
  return {
    documents,
    accounts,
    legacyTokens: legacy.kept,
    ...defined({ legacyTrackedSince: tracked }),
    publishers: publishers.filter((one) => one !== undefined),
    checkers,
  };
}

/**
 * Reads a cluster and its API servers, and unless it is for the way back both issuers and AWS: changes
 * nothing, but for what the servers remember, with `remember`. An API server that does not answer may be restarting: it waits for it, at most a minute. A part
 * that cannot be read is reported as such; throws what `readServers` and `readCluster` throw, and the
 * signal's reason.
 */
export function gatherAdoption(
  context: AdoptionContext,
  { waiting }: Pick<Working, "waiting">,
  { scope = "all", remember }: AdoptionGather = {},
): Promise<AdoptionReading> {
  const onWait = (reason: string, deadline: number): void => waiting("the API servers", reason, deadline);
  const gathering = { scope, onWait, ...defined({ remember }) };
  return askedThroughRestart(() => gathered(context, gathering), { ...context, onWait });
}

type Gathering = Required<Pick<AdoptionGather, "scope">> &
  Pick<AdoptionGather, "remember"> &
  Pick<Agreeing, "onWait">;

async function gathered(
  context: AdoptionContext,
  { scope, remember, onWait }: Gathering,
): Promise<AdoptionReading> {
  const { config, api, servers, clock, signal, audiences } = context;
  const { issuer } = config;
  const looks = new Looks(signal);
  const jwksUri = config.publisher?.jwksUri ?? parseIssuer(issuer).defaultJwksUri;
  const wanted = { issuer, jwksUri, ...defined({ audiences }) };
  const agreeing = { clock, onWait, ...(scope === "all" ? { wanted } : {}) };
  const [{ facts: hints }, seen] = await Promise.all([
    readCluster(api, { signal }),
    readServers(api, servers, signal, agreeing),
  ]);
  const formerIssuers = config.publisher?.formerIssuers ?? [];
  const old = oldIssuers({ servers: seen.servers, wanted, formerIssuers });
  const noPods = { kept: [], isWhole: false };
  const [pods, { documents, accounts, ...around }] = await Promise.all([
    looks.at("pods, and the tokens that they hold", readPods(api, podTokensOf, { signal }), noPods),
    scope === "all" ? readAround(context, old, looks) : nothingAround,
  ]);
  const issuers = [issuer, ...old];
  const kept = await readSwitches({
    servers,
    facts: seen.servers,
    issuers,
    signal,
    ...defined({ remember }),
  });
  const switches = kept ?? { now: clock.now() };
  const { now } = switches;
  const rules = rulesOf(seen);
  const tokensOf = (meant: readonly string[]): OldTokens =>
    oldTokens({ pods: pods.kept, switchedAt: switchedAt(seen, meant, switches), now, rules });
  const talos = talosMinor(hints);
  return {
    now,
    hints,
    facts: {
      wanted,
      distribution: distributionOf(hints),
      ...defined({ talos }),
      servers: seen.servers,
      listed: servers.map(({ api: { name } }) => name),
      formerIssuers,
      documents,
      accounts,
    },
    dependents: {
      oldTokens: tokensOf(old),
      newTokens: tokensOf([issuer]),
      ...around,
    },
    rules,
    sawPods: pods.isWhole,
    unseen: [
      ...looks.unseen,
      ...seen.unseen,
      ...(pods.isWhole || pods.kept.length === 0 ? [] : ["pods beyond the first 50,000"]),
      ...accounts
        .filter(({ unseen, isWhole }) => unseen === undefined && !isWhole)
        .map(({ account }) => `account ${account}: roles whose trust policy could not be read`),
      ...neverSeen,
    ],
  };
}
