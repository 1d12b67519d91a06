import type { NamedResource } from "../../../rules/plan/index.ts";
import type { AzureTenant } from "../../../config/index.ts";
import { relyingParties } from "../../../rules/oidc/index.ts";
import type { Goal, Part, PartContext, PartPlan, PartTarget, Preflight, Survey } from "../part.ts";
import { openTenant } from "./open.ts";
import { foreignNotes, judgedPlan, timeNotes } from "./preflight.ts";
import { namedIn, type TenantApis } from "./resources.ts";
import { type SectionFacts, surveyOf } from "./survey.ts";

/** One resource group of the config, with the applications beside it. */
class AzurePart implements Part {
  readonly #context: PartContext;
  readonly #tenant: AzureTenant;
  #apis: TenantApis | undefined;
  #found: SectionFacts | undefined;

  constructor(context: PartContext, tenant: AzureTenant) {
    this.#context = context;
    this.#tenant = tenant;
  }

  get id(): string {
    const { subscription, resourceGroup } = this.#tenant;
    return `azure/${subscription}/${resourceGroup.toLowerCase()}`;
  }

  get named(): readonly NamedResource[] {
    return namedIn({ tenant: this.#tenant });
  }

  async open(signal: AbortSignal): Promise<PartTarget> {
    const { tenant, cloud, subscription, resourceGroup } = this.#tenant;
    const { apis, at, caller } = await openTenant(this.#context, this.#tenant, signal);
    this.#apis = apis;
    const { management } = relyingParties.azure.clouds[cloud];
    const elsewhere = at.management === management ? "" : ` at ${at.management}`;
    return {
      where: `Azure tenant ${tenant}, subscription ${subscription}, resource group ${resourceGroup}${elsewhere}`,
      caller,
    };
  }

  async survey(goal: Goal, signal: AbortSignal): Promise<Survey> {
    if (this.#apis === undefined) throw new TypeError("a part is opened first");
    const section = { config: this.#context.config, tenant: this.#tenant };
    const { survey, found } = await surveyOf(this.#apis, section, goal, signal);
    this.#found = found;
    return survey;
  }

  preflight(judged: PartPlan): Promise<Preflight> {
    if (this.#found === undefined) throw new TypeError("preflight comes after survey");
    const { notice = () => {} } = this.#context;
    for (const note of [...foreignNotes(this.#found), ...timeNotes(judged)]) notice(note);
    return Promise.resolve(judgedPlan(judged, this.#found));
  }

  close(): void {
    this.#apis = undefined;
  }
}

/** The resource groups of a config. Opens no connection. */
export function azureParts(context: PartContext): readonly Part[] {
  return context.config.azure.map((tenant) => new AzurePart(context, tenant));
}
