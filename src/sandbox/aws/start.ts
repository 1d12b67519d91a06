import { errorText, type Logger, PodtrustError, silentLogger } from "../../base/index.ts";
import type { MessageProfile } from "../../trust/index.ts";
import { accountGate, adminKey, type RateLimit, RateLimiter, writeAdminCredentials } from "./access/index.ts";
import type { MovableClock } from "../clock/index.ts";
import { type DecisionFilter, DecisionRing } from "./decisions.ts";
import { iamService, thumbprintFetcher } from "./iam/index.ts";
import { type PageTable, sandboxPage } from "./page/index.ts";
import { plant, type Seed } from "./seed/index.ts";
import { ssmService } from "./ssm/index.ts";
import { type Account, openStore, spreadRoles, type Store, tableNames } from "./state/index.ts";
import { IssuerDocumentCache, stsService, type WayTo } from "./sts/index.ts";
import { taggingService } from "./tagging/index.ts";
import {
  type Control,
  type Decision,
  type Service,
  startWire,
  type WireOptions,
  type WireServer,
} from "./wire/index.ts";

export interface AwsOptions {
  /** `127.0.0.1` unless told; another address lets strangers in. */
  readonly listen?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** Twelve digits; `111122223333` unless told, the number of AWS's own examples. */
  readonly account?: string;
  /** A folder in which the account is kept; absent: in memory. */
  readonly stateDir?: string;
  /** A file for the administrator's keys, in the form of AWS's shared credentials, mode 0600. */
  readonly adminCredentials?: string;
  /** How long STS does not see a new role or a changed trust policy, in milliseconds; 8000 unless told, 0: at once. */
  readonly propagationMs?: number;
  /** Which generation of AWS's texts is spoken; `2026` unless told. */
  readonly messageProfile?: MessageProfile;
  /** How many signed calls IAM takes before it answers `Throttling`; any number unless told. */
  readonly iamRateLimit?: RateLimit;
  readonly logger?: Logger;
  /** What else runs beside the sandbox, for its page. */
  readonly tables?: () => readonly PageTable[];
  /** Told every decision, as it is made. */
  readonly onDecision?: (decision: Decision) => void;
}

/** What AWS stands among, beside its options. */
export interface AwsSurroundings {
  readonly clock: MovableClock;
  /** How an issuer is reached. */
  readonly wayTo: WayTo;
  readonly control: Control;
  /** What the issuer of `control` can be told to do wrong, for the page. */
  readonly issuerFaults: readonly string[];
}

/** IAM, STS, SSM and the Tagging API, running. */
export interface StandInAws {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Those of the last thousand decisions that fit, oldest first. */
  decisions(filter?: DecisionFilter): readonly Decision[];
  /** Makes what a seed says; throws `sandbox-seed`. STS sees it at once. */
  seed(seed: Seed): Promise<void>;
  /** Ends IAM's propagation: STS sees all roles as they stand. */
  spread(): Promise<void>;
  /** Has STS fetch every issuer's documents anew. */
  forgetIssuers(): void;
  /** Empties the account, but for the administrator, and forgets all decisions and issuers. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const decisionsKept = 1000;

// AWS: new roles became usable after 5 to 12 seconds, most of them after about eight.
const usualPropagation = 8000;

interface Settings {
  readonly listen: string;
  readonly account: string;
  readonly propagationMs: number;
  readonly messageProfile: MessageProfile;
  readonly logger: Logger;
}

function settingsOf(options: AwsOptions): Settings {
  const account = options.account ?? "111122223333";
  if (!/^\d{12}$/u.test(account)) {
    throw new PodtrustError("usage", `the account ${account} is not a number of twelve digits`);
  }
  return {
    listen: options.listen ?? "127.0.0.1",
    account,
    propagationMs: options.propagationMs ?? usualPropagation,
    messageProfile: options.messageProfile ?? "2026",
    logger: options.logger ?? silentLogger,
  };
}

function servicesOf(
  account: Account,
  { propagationMs, messageProfile }: Settings,
  { wayTo }: AwsSurroundings,
  issuers: IssuerDocumentCache,
): readonly Service[] {
  return [
    iamService({ account, propagationMs, fetchThumbprint: thumbprintFetcher(wayTo) }),
    stsService({ account, propagationMs, messageProfile, issuers }),
    ssmService({ account }),
    taggingService({ account }),
  ];
}

function rateLimitersOf({ iamRateLimit }: AwsOptions): Map<string, RateLimiter> {
  return new Map(iamRateLimit === undefined ? [] : [["iam", new RateLimiter(iamRateLimit)]]);
}

async function listening(options: WireOptions): Promise<WireServer> {
  try {
    return await startWire(options);
  } catch (error) {
    const address = `${options.listen}, port ${options.port}`;
    throw new PodtrustError("sandbox-listen", `${address}: ${errorText(error)}`, {
      cause: error,
      detail: { listen: options.listen, port: options.port },
    });
  }
}

/** Empties an account; its administrator's keys go on working. */
function clear(account: Account): void {
  for (const name of tableNames) if (name !== "keys") account[name].clear();
}

async function startOn(
  store: Store,
  settings: Settings,
  options: AwsOptions,
  surroundings: AwsSurroundings,
): Promise<StandInAws> {
  const { propagationMs, messageProfile, listen, logger } = settings;
  const { clock, control, wayTo, issuerFaults } = surroundings;
  const { account } = store;
  const now = (): number => clock.now();
  const persist = (): Promise<void> => store.persist();
  const key = adminKey(account, now());
  await persist();
  if (options.adminCredentials !== undefined) await writeAdminCredentials(options.adminCredentials, key);
  const ring = new DecisionRing(decisionsKept);
  const issuers = new IssuerDocumentCache({ clock, wayTo });
  const services = servicesOf(account, settings, surroundings, issuers);
  const wire = await listening({
    services,
    gate: accountGate({ account, messageProfile, rateLimiters: rateLimitersOf(options) }),
    page: sandboxPage({
      account,
      decisions: () => ring.all(),
      now,
      propagationMs,
      messageProfile,
      listen,
      issuerFaults,
      tables: options.tables ?? (() => []),
    }),
    control,
    persist,
    onDecision(decision) {
      ring.add(decision);
      options.onDecision?.(decision);
    },
    clock,
    signingClock: clock.unmoved,
    logger,
    listen,
    port: options.port ?? 0,
  });
  return {
    url: wire.url,
    account: settings.account,
    admin: { accessKeyId: key.id, secretAccessKey: key.secret },
    decisions: (filter) => ring.all(filter),
    seed: (seed) => plant({ account, services, accessKeyId: key.id, now, persist }, seed),
    async spread() {
      spreadRoles(account);
      await persist();
    },
    forgetIssuers: () => issuers.clear(),
    async reset() {
      clear(account);
      issuers.clear();
      ring.clear();
      await persist();
    },
    async close() {
      await wire.close();
      await store.close();
    },
  };
}

/**
 * Starts IAM, STS, SSM Parameter Store and the Tagging API for one account on one HTTP port, and a page that shows what they
 * decide.
 */
export async function startAws(options: AwsOptions, surroundings: AwsSurroundings): Promise<StandInAws> {
  const settings = settingsOf(options);
  const store = await openStore(settings.account, options.stateDir);
  try {
    return await startOn(store, settings, options, surroundings);
  } catch (error) {
    await store.close();
    throw error;
  }
}
