import {
  type Clock,
  errorText,
  type Logger,
  PodtrustError,
  silentLogger,
  systemClock,
} from "../../base/index.ts";
import type { ConnectTo } from "../../http/index.ts";
import type { MessageProfile } from "../../trust/index.ts";
import { accountGate, adminKey, type RateLimit, RateLimiter, writeAdminCredentials } from "./access/index.ts";
import { DecisionRing } from "./decisions.ts";
import { iamService, thumbprintFetcher } from "./iam/index.ts";
import { decisionsShown, type PageTable, sandboxPage } from "./page/index.ts";
import { ssmService } from "./ssm/index.ts";
import { type Account, openStore, type Store } from "./state/index.ts";
import { IssuerDocumentCache, stsService } from "./sts/index.ts";
import { taggingService } from "./tagging/index.ts";
import {
  type Decision,
  type Page,
  type Service,
  startWire,
  type WireOptions,
  type WireServer,
} from "./wire/index.ts";

export interface SandboxOptions {
  /** `127.0.0.1` unless told; another address lets strangers in. */
  readonly listen?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** Twelve digits; `111122223333` unless told, the number of AWS's own examples. */
  readonly account?: string;
  /** Stands in for public DNS when an issuer is fetched. */
  readonly connectTo?: readonly ConnectTo[];
  /** PEM certificates that stand in for the public roots. */
  readonly ca?: string;
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
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** What else runs beside the sandbox, for its page. */
  readonly tables?: () => readonly PageTable[];
  /** Told every decision, as it is made. */
  readonly onDecision?: (decision: Decision) => void;
}

/** A running sandbox. */
export interface Sandbox {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The last hundred decisions, oldest first. */
  decisions(): readonly Decision[];
  close(): Promise<void>;
}

// AWS: new roles became usable after 5 to 12 seconds, most of them after about eight.
const usualPropagation = 8000;

interface Settings {
  readonly listen: string;
  readonly account: string;
  readonly propagationMs: number;
  readonly messageProfile: MessageProfile;
  readonly clock: Clock;
  readonly logger: Logger;
}

function settingsOf(options: SandboxOptions): Settings {
  const account = options.account ?? "111122223333";
  if (!/^\d{12}$/u.test(account)) {
    throw new PodtrustError("usage", `the account ${account} is not a number of twelve digits`);
  }
  return {
    listen: options.listen ?? "127.0.0.1",
    account,
    propagationMs: options.propagationMs ?? usualPropagation,
    messageProfile: options.messageProfile ?? "2026",
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
  };
}

function servicesOf(account: Account, settings: Settings, options: SandboxOptions): readonly Service[] {
  const { clock, propagationMs, messageProfile } = settings;
  const outgoing = {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.connectTo === undefined ? {} : { connectTo: options.connectTo }),
  };
  return [
    iamService({ account, propagationMs, fetchThumbprint: thumbprintFetcher(outgoing) }),
    stsService({
      account,
      propagationMs,
      messageProfile,
      issuers: new IssuerDocumentCache({ clock, ...outgoing }),
    }),
    ssmService({ account }),
    taggingService({ account }),
  ];
}

function rateLimitersOf({ iamRateLimit }: SandboxOptions): Map<string, RateLimiter> {
  return new Map(iamRateLimit === undefined ? [] : [["iam", new RateLimiter(iamRateLimit)]]);
}

function pageOf(
  account: Account,
  settings: Settings,
  ring: DecisionRing,
  tables: SandboxOptions["tables"] = () => [],
): Page {
  const { clock, listen, propagationMs, messageProfile } = settings;
  return sandboxPage({
    account,
    decisions: () => ring.all(),
    now: () => clock.now(),
    propagationMs,
    messageProfile,
    listen,
    tables,
  });
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

async function startOn(store: Store, settings: Settings, options: SandboxOptions): Promise<Sandbox> {
  const { clock, logger, listen, messageProfile } = settings;
  const { account } = store;
  const key = adminKey(account, clock.now());
  await store.persist();
  if (options.adminCredentials !== undefined) await writeAdminCredentials(options.adminCredentials, key);
  const ring = new DecisionRing(decisionsShown);
  const wire = await listening({
    services: servicesOf(account, settings, options),
    gate: accountGate({ account, messageProfile, rateLimiters: rateLimitersOf(options) }),
    page: pageOf(account, settings, ring, options.tables),
    persist: () => store.persist(),
    onDecision(decision) {
      ring.add(decision);
      options.onDecision?.(decision);
    },
    clock,
    logger,
    listen,
    port: options.port ?? 0,
  });
  return {
    url: wire.url,
    account: settings.account,
    admin: { accessKeyId: key.id, secretAccessKey: key.secret },
    decisions: () => ring.all(),
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
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = settingsOf(options);
  const store = await openStore(settings.account, options.stateDir);
  try {
    return await startOn(store, settings, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}
