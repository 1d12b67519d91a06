import { PodtrustError, silentLogger } from "../../core/base/index.ts";
import { writeAdminCredentials } from "./access/admin.ts";
import { sandboxPage } from "./page/page.ts";
import { openStore, type Store } from "./state/store.ts";
import type { Control } from "./wire/control.ts";
import { startWire } from "./wire/server.ts";
import { type AccountDeps, type AccountSettings, openAccount, type StandInAccount } from "./account.ts";
import { Accounts, type FurtherAccount } from "./accounts.ts";
import type { AwsOptions } from "./options.ts";

/** The context of AWS in a sandbox, beside its options. */
export interface AwsSurroundings extends AccountDeps {
  readonly control: Control;
  /** The faults that the issuer of `control` can simulate, for the page. */
  readonly issuerFaults: readonly string[];
}

/** IAM, STS, SSM and the Tagging API, running, for a first account and more. */
export interface StandInAws extends StandInAccount {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  /** An account with a new number, in memory. Rejects with `sandbox-control-request` if there are too many. */
  newAccount(deps: AccountDeps): Promise<FurtherAccount>;
  close(): Promise<void>;
}

// AWS: new roles became usable after 5 to 12 seconds, most of them after about eight.
const defaultPropagation = 8000;

interface Settings extends AccountSettings {
  readonly listen: string;
  readonly account: string;
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
    issuerCache: options.issuerCache ?? "refetch",
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
    newAccount: (deps) => accounts.add(deps),
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
