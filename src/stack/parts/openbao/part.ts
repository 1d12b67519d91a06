import { defined, mapLimit, SharedWork } from "../../../core/base/index.ts";
import type { OpenBaoServer } from "../../../config/index.ts";
import {
  jwtRoleNames,
  listJwtRoles,
  mountNames,
  type MountState,
  observedJwtRole,
  observedMount,
  type OpenBaoApi,
  openbaoCaller,
  policyExists,
  readJwtRole,
  readMount,
  surplusJwtRole,
} from "../../../providers/openbao/index.ts";
import type { Observed, Resource, NamedResource } from "../../../rules/plan/index.ts";
import type { Goal, Part, PartContext, PartPlan, PartTarget, Preflight, Survey } from "../part.ts";
import { type OpenBaoSection, placeOf, sectionResources } from "./resources.ts";
import { serverApi } from "./server.ts";

/** The JWT auth mount of one server, and its roles. */
class OpenBaoPart implements Part {
  readonly #context: PartContext;
  readonly #section: OpenBaoSection;
  #opened: SharedWork<OpenBaoApi> | undefined;

  constructor(context: PartContext, server: OpenBaoServer) {
    this.#context = context;
    this.#section = { config: context.config, server, ...defined({ issuerCa: context.route?.ca }) };
  }

  get id(): string {
    return mountNames(placeOf(this.#section)).id;
  }

  get named(): readonly NamedResource[] {
    const place = placeOf(this.#section);
    return [mountNames(place), ...this.#section.server.roles.map(({ name }) => jwtRoleNames(place, name))];
  }

  /** Access to the server, with the environment's token. */
  #api(signal: AbortSignal): Promise<OpenBaoApi> {
    this.#opened = SharedWork.again(this.#opened, () => serverApi(this.#context, this.#section.server));
    return this.#opened.wait(signal);
  }

  async open(signal: AbortSignal): Promise<PartTarget> {
    const { address, mount } = this.#section.server;
    const caller = await openbaoCaller(await this.#api(signal), signal);
    return { where: `auth/${mount} of OpenBao at ${address}`, caller };
  }

  async survey(_goal: Goal, signal: AbortSignal): Promise<Survey> {
    const api = await this.#api(signal);
    const place = placeOf(this.#section);
    const mount = observedMount(await readMount(api, place, signal), place);
    const desired = sectionResources(api, this.#section);
    const found = isOurs(mount) ? await this.#roles(api, signal) : new Map<string, Observed>();
    const roleNames = new Set(this.#section.server.roles.map(({ name }) => name));
    const surplus = [...found.keys()].filter((name) => !roleNames.has(name));
    const absent: Observed = { exists: false };
    return {
      desired,
      owned: surplus.map((name): Resource => surplusJwtRole(api, place, name)),
      seen: new Map([
        [mountNames(place).id, mount],
        ...[...roleNames, ...surplus].map((name): [string, Observed] => [
          jwtRoleNames(place, name).id,
          found.get(name) ?? absent,
        ]),
      ]),
    };
  }

  /** The roles of our mount, by name. */
  async #roles(api: OpenBaoApi, signal: AbortSignal): Promise<ReadonlyMap<string, Observed>> {
    const { mount } = this.#section.server;
    const names = await listJwtRoles(api, mount, signal);
    const roles = await mapLimit(names, async (name): Promise<[string, Observed]> => {
      const state = await readJwtRole(api, mount, name, signal);
      return [name, observedJwtRole(state)];
    });
    return new Map(roles);
  }

  async preflight({ goal, changes }: PartPlan, signal: AbortSignal): Promise<Preflight> {
    if (goal === "absent") return { refusals: [], warnings: this.#endings(changes) };
    const api = await this.#api(signal);
    const changed = new Set(changes.filter(({ kind }) => kind !== "none").map(({ resource }) => resource.id));
    const place = placeOf(this.#section);
    const roles = this.#section.server.roles.filter(({ name }) => changed.has(jwtRoleNames(place, name).id));
    const names = [...new Set(roles.flatMap(({ policies }) => policies))];
    const there = await mapLimit(names, (name) => policyExists(api, name, signal));
    const missing = new Set(names.filter((_, index) => there[index] === false));
    const warnings = roles.flatMap(({ name, policies }) =>
      policies
        .filter((policy) => missing.has(policy))
        .map(
          (policy) =>
            `role ${name} of auth/${place.mount} is to have policy ${policy}, which does not exist: its tokens get nothing from it until it is written`,
        ),
    );
    return { refusals: [], warnings };
  }

  #endings(changes: PartPlan["changes"]): readonly string[] {
    const place = placeOf(this.#section);
    const goes = changes.some(({ kind, resource }) => kind === "delete" && resource.id === this.id);
    return goes
      ? [`every token that workloads hold by auth/${place.mount} ends with it: OpenBao revokes them`]
      : [];
  }

  close(): void {
    // Each request has a connection of its own.
  }
}

function isOurs(mount: Observed<MountState>): boolean {
  return mount.exists && mount.owner.kind === "ours";
}

/** The servers of a config, in its order. Opens no connection. */
export function openbaoParts(context: PartContext): readonly Part[] {
  return context.config.openbao.map((server) => new OpenBaoPart(context, server));
}
