import type { Logger } from "../../core/base/index.ts";
import type { MessageProfile } from "../../rules/trust/index.ts";
import type { MovableClock } from "../clock/index.ts";
import { DecisionLog } from "../decisions/index.ts";
import { accountGate } from "./access/gate.ts";
import { adminKey } from "./access/admin.ts";
import { type RateLimit, RateLimiter } from "./access/rate-limit.ts";
import { iamService } from "./iam/service.ts";
import { thumbprintFetcher } from "./iam/provider-thumbprint.ts";
import { applySeed } from "./seed/apply.ts";
import type { Seed } from "./seed/seed.ts";
import { ssmService } from "./ssm/service.ts";
import type { AdminAccessKey } from "./state/records.ts";
import { type Account, spreadRoles, tableNames } from "./state/account.ts";
import type { Store } from "./state/store.ts";
import { type IssuerCache, issuerDocuments } from "./sts/issuer-cache.ts";
import type { IssuerDocumentSource, RouteTo } from "./sts/issuer-documents.ts";
import { stsService } from "./sts/service.ts";
import { taggingService } from "./tagging/service.ts";
import type { Decision, Service } from "./wire/service.ts";
import type { Tenant } from "./wire/tenant.ts";
import { type DecisionFilter, matching } from "./decisions.ts";

/** What all accounts of a sandbox share. */
export interface AccountSettings {
  readonly propagationMs: number;
  readonly messageProfile: MessageProfile;
  readonly issuerCache: IssuerCache;
  readonly iamRateLimit?: RateLimit | undefined;
  readonly logger: Logger;
  /** Called with every decision, when it is made. */
  readonly onDecision: (decision: Decision) => void;
}

/** What belongs to one account, beside its stored state. */
export interface AccountDeps {
  readonly clock: MovableClock;
  /** How an issuer is reached. */
  readonly routeTo: RouteTo;
}

/** An account of IAM, STS, SSM and the Tagging API: all of it is its own. */
export interface StandInAccount {
  /** Twelve digits. */
  readonly account: string;
  /** Keys that may do everything. */
  readonly admin: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Of the last thousand decisions, those that match the filter, oldest first. */
  decisions(filter?: DecisionFilter): readonly Decision[];
  /** Creates what a seed describes; throws `sandbox-seed`. STS sees it at once. */
  seed(seed: Seed): Promise<void>;
  /** Ends IAM's propagation: STS sees all roles as they are. */
  spread(): Promise<void>;
  /** Makes STS fetch every issuer's documents again. */
  forgetIssuers(): void;
  /** Empties the account, except for the administrator, and forgets all decisions and issuers. */
  reset(): Promise<void>;
}

/** An account, and what the port needs of it. */
export interface OpenedAccount {
  readonly shown: StandInAccount;
  readonly tenant: Tenant;
  readonly key: AdminAccessKey;
  /** Its stored state. */
  readonly kept: Account;
}

function servicesOf(
  account: Account,
  { propagationMs, messageProfile }: AccountSettings,
  routeTo: RouteTo,
  issuers: IssuerDocumentSource,
): readonly Service[] {
  return [
    iamService({ account, propagationMs, fetchThumbprint: thumbprintFetcher(routeTo) }),
    stsService({ account, propagationMs, messageProfile, issuers }),
    ssmService({ account }),
    taggingService({ account }),
  ];
}

/** Empties an account; its administrator's keys keep working. */
function clear(account: Account): void {
  for (const name of tableNames) if (name !== "keys") account[name].clear();
}

/** Opens the account of a store: its services, with its own clock and issuers. */
export async function openAccount(
  store: Store,
  settings: AccountSettings,
  { clock, routeTo }: AccountDeps,
): Promise<OpenedAccount> {
  const { account } = store;
  const { messageProfile, iamRateLimit } = settings;
  const now = (): number => clock.now();
  const persist = (): Promise<void> => store.persist();
  const key = adminKey(account, now());
  await persist();
  const decisions = new DecisionLog<Decision>();
  const issuers = issuerDocuments(settings.issuerCache, { clock, routeTo });
  const services = servicesOf(account, settings, routeTo, issuers);
  const rateLimiters = new Map(iamRateLimit === undefined ? [] : [["iam", new RateLimiter(iamRateLimit)]]);
  return {
    key,
    kept: account,
    tenant: {
      services,
      gate: accountGate({ account, messageProfile, rateLimiters }),
      clock,
      persist,
      onDecision(decision) {
        decisions.add(decision);
        settings.onDecision(decision);
      },
    },
    shown: {
      account: account.id,
      admin: { accessKeyId: key.id, secretAccessKey: key.secret },
      decisions: (filter) => matching(decisions.latest(), filter),
      seed: (seed) => applySeed({ account, services, accessKeyId: key.id, now, persist }, seed),
      async spread() {
        spreadRoles(account);
        await persist();
      },
      forgetIssuers: () => issuers.clear(),
      async reset() {
        clear(account);
        issuers.clear();
        decisions.clear();
        await persist();
      },
    },
  };
}
