import { errorText, isoSeconds, mapLimit } from "../../../core/base/index.ts";
import type { AzureTenant } from "../../../config/index.ts";
import {
  type CredentialHolder,
  identityHolder,
  listIdentities,
  listSubscriptionIdentities,
  mayBeClosed,
  closeCredentials,
  reopenCredentials,
} from "../../../providers/azure/index.ts";
import { operatorAccount } from "../../../rules/bindings/index.ts";
import { parseSubject } from "../../../rules/oidc/index.ts";
import {
  type ClosingOutcome,
  done,
  open,
  type PartyClosing,
  type Reopening,
  type TheftAnswerAt,
} from "../closing.ts";
import type { PartContext } from "../part.ts";
import { openTenant } from "./open.ts";
import { holderOf } from "./resources.ts";

const hour = 3_600_000;
/** Lives of what Entra gives: https://azure.github.io/azure-workload-identity/docs/faq.html (managed identities, a day). */
const lifeMs = { managed: 24 * hour, application: hour } as const;

// Azure allows five lists of credentials a second per subscription.
const few = 4;

/** An identity or application, and the credentials of the issuer that it has. */
interface Holding {
  readonly holder: CredentialHolder;
  readonly kind: keyof typeof lifeMs;
  /** By which a person may choose it. */
  readonly name: string;
  /** Its resource group; an application's section's. */
  readonly group: string;
}

/** One resource group of the config, with the applications beside it. */
class GroupClosing implements PartyClosing {
  readonly #context: PartContext;
  readonly #tenant: AzureTenant;

  constructor(context: PartContext, tenant: AzureTenant) {
    this.#context = context;
    this.#tenant = tenant;
  }

  get place(): string {
    const { tenant, resourceGroup } = this.#tenant;
    return `resource group ${resourceGroup} of Azure tenant ${tenant}`;
  }

  get isOwnAccess(): boolean {
    // The operator makes identities and their credentials, by an identity that may stand in this group.
    return true;
  }

  /** What the config names, and all other identities of the group: whoever made them. Throws `azure-*`. */
  async #holdings(signal: AbortSignal): Promise<readonly Holding[]> {
    const { config } = this.#context;
    const tenant = this.#tenant;
    const { apis } = await openTenant(this.#context, tenant, signal);
    const named = tenant.identities.map((one): Holding => {
      const name = one.kind === "managed" ? one.name : one.clientId;
      const group = tenant.resourceGroup;
      return { holder: holderOf(apis, { config, tenant }, one), kind: one.kind, name, group };
    });
    const isNamed = (name: string): boolean =>
      named.some((one) => one.kind === "managed" && one.name.toLowerCase() === name.toLowerCase());
    const others = (await listIdentities(apis.management, tenant, signal)).filter(
      ({ name }) => !isNamed(name),
    );
    return [
      ...named,
      ...others.map(({ name }): Holding => {
        const holder = identityHolder(apis.management, tenant, name);
        return { holder, kind: "managed", name, group: tenant.resourceGroup };
      }),
    ];
  }

  /** The other identities of the subscription, in groups that no section names. The first section of it looks for them. */
  async #elsewhere(signal: AbortSignal): Promise<readonly Holding[]> {
    const { config } = this.#context;
    const { subscription } = this.#tenant;
    const sections = config.azure.filter((one) => one.subscription === subscription);
    if (sections[0] !== this.#tenant) return [];
    const named = new Set(sections.map(({ resourceGroup }) => resourceGroup.toLowerCase()));
    const { apis } = await openTenant(this.#context, this.#tenant, signal);
    const all = await listSubscriptionIdentities(apis.management, subscription, signal);
    return all
      .filter(({ group }) => !named.has(group.resourceGroup.toLowerCase()))
      .map(({ group, name }): Holding => {
        const holder = identityHolder(apis.management, group, name);
        return { holder, kind: "managed", name, group: group.resourceGroup };
      });
  }

  /** Those through which podtrust's own parts are let in come first. Throws `azure-*`. */
  async #ordered(
    holdings: readonly Holding[],
    signal: AbortSignal,
  ): Promise<readonly (readonly Holding[])[]> {
    const own = new Set<Holding>();
    await mapLimit(
      holdings,
      async (one) => {
        // One that cannot be listed is tried with the others, and named there.
        const all = await one.holder.list(signal).catch(() => []);
        signal.throwIfAborted();
        if (
          all?.some((found) => parseSubject(found.subject)?.namespace === operatorAccount.namespace) === true
        )
          own.add(one);
      },
      few,
    );
    return [[...own], holdings.filter((one) => !own.has(one))];
  }

  /** Writes the credentials of each holder, own ones first; one that fails does not stop the others. */
  async #each(
    signal: AbortSignal,
    write: typeof closeCredentials,
    chosen: (one: Holding) => boolean,
    textOf: (one: Holding, written: number) => string,
  ): Promise<readonly ClosingOutcome[]> {
    const { issuer } = this.#context.config;
    const work = { signal, waiting: () => {} };
    const outcomes: ClosingOutcome[] = [];
    const one = async (holding: Holding): Promise<void> => {
      const what = `${holding.holder.title} in resource group ${holding.group} of Azure tenant ${this.#tenant.tenant}`;
      try {
        const written = await write(holding.holder, issuer, work);
        if (written > 0) outcomes.push(done(`${what}: ${textOf(holding, written)}`));
      } catch (error) {
        signal.throwIfAborted();
        outcomes.push(open(`${what} is as it was, or some of it: ${errorText(error)}`));
      }
    };
    const all = async (what: string, holdings: () => Promise<readonly Holding[]>): Promise<void> => {
      try {
        const found = (await holdings()).filter(chosen);
        for (const some of await this.#ordered(found, signal)) await mapLimit(some, one, few);
      } catch (error) {
        signal.throwIfAborted();
        outcomes.push(open(`${what} is as it was: ${errorText(error)}`));
      }
    };
    await all(this.place, () => this.#holdings(signal));
    // What the config names does not wait for the list of all.
    const { subscription } = this.#tenant;
    await all(`what else of subscription ${subscription} trusts the issuer`, () => this.#elsewhere(signal));
    return outcomes;
  }

  async close(signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    const { config, clock } = this.#context;
    if (!mayBeClosed(config))
      return [
        open(
          `${this.place} is as it was: the issuer is too long for the mark. Delete the federated credentials`,
        ),
      ];
    return this.#each(
      signal,
      closeCredentials,
      () => true,
      ({ kind }, written) =>
        `its federated credentials, ${written} of them, let no token in until a person opens them. Open stay the access tokens that it was given, until ${isoSeconds(clock.now() + lifeMs[kind])}`,
    );
  }

  reopen({ only }: Reopening, signal: AbortSignal): Promise<readonly ClosingOutcome[]> {
    return this.#each(
      signal,
      reopenCredentials,
      ({ name }) => only === undefined || only.includes(name),
      (_one, written) =>
        `its federated credentials, ${written} of them, are as they were before; Entra may take some minutes`,
    );
  }
}

/**
 * The resource groups of a config: the federated credentials of the issuer let no token in until a person opens them. What Entra
 * gave before, and what it has fetched, nobody can take back. Opens no connection.
 */
export function azureAnswers(context: PartContext): readonly TheftAnswerAt[] {
  return context.config.azure.map((tenant) => {
    const closing = new GroupClosing(context, tenant);
    return { place: closing.place, closing };
  });
}
