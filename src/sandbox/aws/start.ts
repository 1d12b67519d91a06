import { type Logger, PodtrustError, silentLogger } from "../../core/base/index.ts";
import type { MessageProfile } from "../../rules/trust/index.ts";
import { type RateLimit, writeAdminCredentials } from "./access/index.ts";
import { type AccountPlace, type AccountSettings, openAccount, type StandInAccount } from "./account.ts";
import { Accounts, type FurtherAccount } from "./accounts.ts";
import { type PageTable, sandboxPage } from "./page/index.ts";
import { openStore, type Store } from "./state/index.ts";
import { type IssuerCache, issuerCaches } from "./sts/index.ts";
import { type Control, type Decision, startWire } from "./wire/index.ts";

export interface AwsOptions {
  /**
   * Where it listens; an address other than loopback admits other machines.
   *
   * @default "127.0.0.1"
   */
  readonly listen?: string;
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * Twelve digits.
   *
   * @default "111122223333", the number of AWS's own examples
   */
  readonly account?: string;
  /**
   * A folder to store the account in.
   *
   * @default in memory
   */
  readonly stateDir?: string;
  /**
   * A file for the administrator's keys, in the format of AWS's shared credentials, mode 0600.
   *
   * @default none
   */
  readonly adminCredentials?: string;
  /**
   * How long it takes STS to see a new role or a changed trust policy, in milliseconds; 0: at once.
   *
   * @default 8000
   */
  readonly propagationMs?: number;
  /**
   * Which generation of AWS's texts is used.
   *
   * @default "2026"
   */
  readonly messageProfile?: MessageProfile;
  /**
   * How STS keeps an issuer's documents. `refetch`: for their Cache-Control lifetime, and an unknown key makes it fetch
   * them at once. `keep`: each for twice its lifetime, without any fetch meanwhile: a key rotated without waiting is
   * refused.
   *
   * @default "refetch"
   */
  readonly issuerCache?: IssuerCache;
  /**
   * How many signed calls IAM accepts before it answers `Throttling`.
   *
   * @default any number
   */
  readonly iamRateLimit?: RateLimit;
  readonly logger?: Logger;
  /** What else runs beside the sandbox, for its page. */
  readonly tables?: () => readonly PageTable[];
  /** Called with every decision, when it is made. */
  readonly onDecision?: (decision: Decision) => void;
}

/** The context of AWS in a sandbox, beside its options. */
export interface AwsSurroundings extends AccountPlace {
  readonly control: Control;
  /** The faults that the issuer of `control` can simulate, for the page. */
  readonly issuerFaults: readonly string[];
}

/** IAM, STS, SSM and the Tagging API, running, for a first account and more. */
export interface StandInAws extends StandInAccount {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  /** An account with a new number, in memory. Rejects with `sandbox-control-request` if there are too many. */
  newAccount(place: AccountPlace): Promise<FurtherAccount>;
  close(): Promise<void>;
}

// AWS: new roles became usable after 5 to 12 seconds, most of them after about eight.
const defaultPropagation = 8000;

interface Settings extends AccountSettings {
  readonly listen: string;
  readonly account: string;
}

/** Any other text would silently mean the less strict one. */
function issuerCacheOf({ issuerCache = "refetch" }: AwsOptions): IssuerCache {
  if (issuerCaches.includes(issuerCache)) return issuerCache;
  throw new PodtrustError(
    "usage",
    `the issuer cache ${JSON.stringify(issuerCache)} is none of ${issuerCaches.join(", ")}`,
  );
}

function settingsOf(options: AwsOptions): Settings {
  const account = options.account ?? "111122223333";
  if (!/^\d{12}$/u.test(account)) {
    throw new PodtrustError("usage", `the account ${account} is not a number of twelve digits`);
  }
  return {
    listen: options.listen ?? "127.0.0.1",
    account,
    propagationMs: options.propagationMs ?? defaultPropagation,
    messageProfile: options.messageProfile ?? "2026",
    issuerCache: issuerCacheOf(options),
    logger: options.logger ?? silentLogger,
    iamRateLimit: options.iamRateLimit,
    onDecision: options.onDecision ?? (() => undefined),
  };
}

async function startOn(
  store: Store,
  settings: Settings,
  options: AwsOptions,
  surroundings: AwsSurroundings,
): Promise<StandInAws> {
  const { propagationMs, messageProfile, issuerCache, listen, logger } = settings;
  const { clock, control, issuerFaults } = surroundings;
  const first = await openAccount(store, settings, surroundings);
  if (options.adminCredentials !== undefined)
    await writeAdminCredentials(options.adminCredentials, first.key);
  const accounts = new Accounts(first, settings);
  const wire = await startWire({
    tenants: accounts.tenants,
    page: sandboxPage({
      account: first.kept,
      decisions: () => first.shown.decisions(),
      now: () => clock.now(),
      propagationMs,
      messageProfile,
      issuerCache,
      listen,
      issuerFaults,
      tables: () => [...accounts.tables(), ...(options.tables?.() ?? [])],
    }),
    control,
    signingClock: clock.unmoved,
    logger,
    listen,
    port: options.port ?? 0,
  });
  return {
    ...first.shown,
    url: wire.url,
    newAccount: (place) => accounts.add(place),
    async close() {
      await wire.close();
      await store.close();
    },
  };
}

/**
 * Starts IAM, STS, SSM Parameter Store and the Tagging API on one HTTP port, and a page that shows what they
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
