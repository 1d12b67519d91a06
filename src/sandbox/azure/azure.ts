import { randomUUID } from "node:crypto";
import { defined, mapped } from "../../core/base/index.ts";
import { type Form, forms } from "../errors/index.ts";
import { DecisionLog } from "../decisions/index.ts";
import type { FrontAnswer, FrontRequest, FrontSite } from "../front/index.ts";
import type { MovableClock } from "../clock/index.ts";
import { AccessTokens } from "./access-tokens.ts";
import { arm } from "./arm.ts";
import { entra } from "./entra.ts";
import { graph } from "./graph.ts";
import { azureHosts, hostOf } from "./hosts.ts";
import { KnownIssuers, type KnownIssuersOptions } from "./issuers.ts";
import { type AzureOptions, settingsOf } from "./options.ts";
import { readSeed } from "./read-seed.ts";
import { applySeed, type AzureClient, type AzureSeed, clientsOf } from "./seed.ts";
import type { Answered, AzureContext, AzureService, Note } from "./service.ts";
import { EntraTenant } from "./tenant.ts";
import { vault } from "./vault.ts";

/** A decision of Azure's stand-in about one request, in the form of AWS's decisions. */
export interface AzureDecision extends Note {
  /** Milliseconds. */
  readonly time: number;
  readonly requestId: string;
  /** `entra:token`, `arm:PUT`, `graph:GET`, `vault:GET`. */
  readonly action: string;
  readonly who: string;
  /** The address without its query. */
  readonly resource: string;
  /** `invalid`: refused for its form, before authorization. */
  readonly decision: "allow" | "deny" | "invalid";
}

/** Filters for decisions; absent members do not filter. */
export type AzureDecisionFilter = Partial<Pick<AzureDecision, "action" | "code" | "decision" | "rule">>;

/** What a filter of decisions has to be. */
const filterForm: Form = forms.members<AzureDecisionFilter>({
  action: forms.text,
  code: forms.text,
  decision: forms.oneOf(["allow", "deny", "invalid"]),
  rule: forms.text,
});

/** What a sandbox provides for Azure's stand-in. */
export interface AzureSurroundings {
  readonly clock: MovableClock;
  /** How an issuer is reached. */
  readonly routeTo: KnownIssuersOptions["routeTo"];
  /** Called with every decision, when it is made. */
  readonly onDecision?: (decision: AzureDecision) => void;
}

/** A tenant of Entra with one subscription: its token endpoint, Graph, ARM and Key Vault. */
export interface StandInAzure {
  readonly tenant: string;
  readonly subscription: string;
  /** A client secret with every right: of an application of the sandbox's own. */
  readonly admin: { readonly clientId: string; readonly clientSecret: string };
  /** Of the last thousand decisions, those that match the filter, oldest first. */
  decisions(filter?: AzureDecisionFilter): readonly AzureDecision[];
  /** Variables that point clients at the tenant: AZURE_TENANT_ID, AZURE_AUTHORITY_HOST, AZURE_SUBSCRIPTION_ID. */
  readonly environment: Readonly<Record<string, string>>;
  /** Identities and applications, with the ids that their workloads need. */
  clients(): readonly AzureClient[];
  /** Creates what a seed describes; throws `sandbox-seed`. Entra sees it at once. */
  seed(seed: AzureSeed): Promise<void>;
  /** Ends every delay: Entra sees all credentials as they are, and the keys of the issuers that it has met. */
  spread(): void;
}

/** Azure, and what its sandbox needs. */
export interface OpenedAzure {
  readonly shown: StandInAzure;
  readonly site: FrontSite;
  /** Makes Entra fetch every issuer's documents again. */
  forgetIssuers(): void;
  /** Empties the tenant, except for the administrator, and forgets decisions and issuers. */
  reset(): void;
  /** Ends requests in progress. */
  close(): void;
}

const services: Readonly<Record<string, AzureService>> = { login: entra, graph, management: arm, vault };
const actions: Readonly<Record<string, string>> = {
  login: "entra",
  graph: "graph",
  management: "arm",
  vault: "vault",
};

// Clients choose some of these texts, and a thousand decisions are stored.
const maxText = 2048;

function cut<Value extends string | undefined>(text: Value): Value {
  return (text === undefined || text.length <= maxText ? text : `${text.slice(0, maxText)}…`) as Value;
}

function decisionOf(request: FrontRequest, { answer, note }: Answered, now: number): AzureDecision {
  const { host, method, url } = request;
  const service = actions[hostOf(host)?.service ?? ""] ?? "azure";
  const isToken = url.pathname.endsWith("/oauth2/v2.0/token");
  const isDenied = isToken || answer.status === 401 || answer.status === 403;
  return {
    time: now,
    requestId: randomUUID(),
    ...note,
    action: `${service}:${isToken ? "token" : method}`,
    who: cut(note.who ?? "anonymous"),
    resource: cut(`https://${host}${url.pathname}`),
    decision: answer.status < 400 ? "allow" : isDenied ? "deny" : "invalid",
    ...defined({ message: mapped(note.message, cut) }),
  };
}

function siteOf(context: AzureContext, record: (decision: AzureDecision) => void): FrontSite {
  const answer = async (request: FrontRequest): Promise<FrontAnswer> => {
    const service = services[hostOf(request.host)?.service ?? ""];
    if (service === undefined) throw new TypeError(`${request.host} is a host of no service`);
    const answered = await service(request, context);
    record(decisionOf(request, answered, context.clock.now()));
    return answered.answer;
  };
  return { hosts: azureHosts, answer };
}

/** Opens a tenant, with only its administrator. All its delays follow the clock. Throws `usage`. */
export function openAzure(options: AzureOptions, surroundings: AzureSurroundings): OpenedAzure {
  const settings = settingsOf(options);
  const { clock, routeTo } = surroundings;
  const closing = new AbortController();
  const decisions = new DecisionLog<AzureDecision>();
  const tenant = new EntraTenant(settings, {
    now: () => clock.now(),
    propagationMs: settings.propagationMs,
    write: () => clock.sleep(settings.writeMs, closing.signal),
  });
  const issuers = new KnownIssuers({
    clock,
    routeTo,
    delayMs: settings.newIssuerMs,
    keepMs: settings.issuerCacheMs,
  });
  const context = { tenant, tokens: new AccessTokens(), issuers, clock };
  return {
    site: siteOf(context, (decision) => {
      decisions.add(decision);
      surroundings.onDecision?.(decision);
    }),
    shown: {
      tenant: settings.tenant,
      subscription: settings.subscription,
      admin: { clientId: tenant.admin.clientId, clientSecret: tenant.admin.clientSecret },
      environment: {
        AZURE_TENANT_ID: settings.tenant,
        AZURE_AUTHORITY_HOST: `https://${tenant.hosts.login[0]}/`,
        AZURE_SUBSCRIPTION_ID: settings.subscription,
      },
      decisions(filter = {}) {
        filterForm(filter, "decisions");
        const wanted = Object.entries(defined(filter)) as [keyof AzureDecisionFilter, unknown][];
        return decisions.latest().filter((one) => wanted.every(([name, value]) => value === one[name]));
      },
      clients: () => clientsOf(tenant),
      async seed(seed) {
        applySeed(tenant, readSeed(seed), clock.now());
        return Promise.resolve();
      },
      spread() {
        tenant.spread();
        issuers.spread();
      },
    },
    forgetIssuers: () => issuers.clear(),
    reset() {
      tenant.clear();
      issuers.clear();
      decisions.clear();
    },
    close: () => closing.abort(new Error("the sandbox is closing")),
  };
}
