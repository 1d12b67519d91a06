import { defined, errorText, setting } from "../../../core/base/index.ts";
import { type HetznerMachine, type MachineConfig, personStateDir } from "../../../config/index.ts";
import { StateFolder } from "../../../core/files/index.ts";
import {
  callerAddress,
  type Choice,
  chooseOffer,
  type CallerAddress,
  endpointOf,
  type HetznerApi,
  hetznerNames,
  isOwned,
  keyInProject,
  type LoginKeys,
  observedThing,
  ownedResources,
  ownOf,
  ownedThings,
  type OwnedResource,
  type OwnedThings,
  type SshKey,
  standardAddressServices,
  type Thing,
  tokenSourceText,
} from "../../../providers/hetzner/index.ts";
import {
  forgetLoginKey,
  hasOwnLoginKey,
  knownLoginKeys,
  type LoginKeySource,
  makeLoginKey,
  ownLoginKey,
} from "../../../providers/host/index.ts";
import type { Observed, Resource, NamedResource } from "../../../rules/plan/index.ts";
import type { Goal, PartPlan, Part, PartContext, PartTarget, Preflight, Survey } from "../part.ts";
import { hetznerApi, hetznerRoute, tokenPlaceOf } from "./api.ts";
import { hetznerPreflight } from "./preflight.ts";
import { type LeftBehind, leftWithServers, type UnmarkedQuery, unmarkedRefusals } from "./unmarked.ts";
import { addressName, type HetznerResourcesInput, hetznerResources } from "./resources.ts";

/** Networks of the caller, if the config names none. */
const known: CallerAddress = { networks: [], failures: [] };

class HetznerPart implements Part {
  readonly id = "hetzner";
  readonly #context: PartContext;
  readonly #machine: MachineConfig;
  #hetzner: HetznerMachine;
  #api: HetznerApi | undefined;
  #caller = known;
  #owned: OwnedThings = { sshKeys: [], firewalls: [], primaryIps: [], servers: [] };
  #left: LeftBehind = { ids: new Set(), warnings: [] };

  constructor(context: PartContext, machine: MachineConfig, hetzner: HetznerMachine) {
    this.#context = context;
    this.#machine = machine;
    this.#hetzner = hetzner;
  }

  get claim(): string {
    return hetznerNames("firewall", this.#context.config.stack).id;
  }

  get named(): readonly NamedResource[] {
    const { stack } = this.#context.config;
    const { ipv4, ipv6 } = this.#hetzner;
    return [
      hetznerNames("ssh-key", stack),
      hetznerNames("firewall", stack),
      ...(ipv4 ? [hetznerNames("primary-ip", addressName(stack, "ipv4"))] : []),
      ...(ipv6 ? [hetznerNames("primary-ip", addressName(stack, "ipv6"))] : []),
      hetznerNames("server", stack),
    ];
  }

  async open(): Promise<PartTarget> {
    const { env } = this.#context;
    const endpoint = endpointOf(setting(env, "HCLOUD_ENDPOINT"));
    this.#api = await hetznerApi(this.#context, this.#hetzner);
    const where =
      new URL(endpoint).host === "api.hetzner.cloud" ? "Hetzner Cloud" : `Hetzner Cloud at ${endpoint}`;
    return { where, caller: `the token of ${tokenSourceText(tokenPlaceOf(this.#context, this.#hetzner))}` };
  }

  get #opened(): HetznerApi {
    if (this.#api === undefined) throw new TypeError("a part is opened first");
    return this.#api;
  }

  get #keyPlace(): LoginKeySource {
    const { config, env } = this.#context;
    const { sshKey } = this.#machine;
    const state = new StateFolder(personStateDir(env)).folder(config.stack);
    return { state, env, ...defined({ file: sshKey }) };
  }

  async #keys(goal: Goal): Promise<LoginKeys> {
    const place = this.#keyPlace;
    const file = place.state.pathOf(ownLoginKey);
    return {
      known: goal === "present" ? await knownLoginKeys(place) : [],
      isMade: await hasOwnLoginKey(place),
      isChosen: this.#machine.sshKey !== undefined,
      toMake: `a new one, kept in ${file}`,
      make: () => makeLoginKey(place, `podtrust-${this.#context.config.stack}`, this.#context.clock),
    };
  }

  /** A key of ours that another owner has put into the project: it is used, and left alone. */
  async #foreignKey(
    { known: keys }: LoginKeys,
    { sshKeys }: OwnedThings,
    signal: AbortSignal,
  ): Promise<SshKey | undefined> {
    const [first] = keys;
    if (first === undefined || sshKeys.length > 0) return undefined;
    const found = await keyInProject(this.#opened, first, signal);
    return found !== undefined && isOwned(found, this.#context.config) ? undefined : found;
  }

  async #callerOf(goal: Goal, signal: AbortSignal): Promise<CallerAddress> {
    const { sshFrom, addressServices = standardAddressServices } = this.#hetzner;
    if (goal === "absent") return known;
    if (sshFrom !== undefined) return { networks: sshFrom, failures: [] };
    return callerAddress({ ...hetznerRoute(this.#context), services: addressServices }, signal);
  }

  /**
   * On the way down the key is deleted once no server accepts it any more, together with podtrust's local key pair.
   * Keys of others stay.
   */
  #withLoginKey({ resource, thing }: OwnedResource): Resource {
    if (resource.kind !== "ssh-key") return resource;
    const { config, clock, notice = () => {} } = this.#context;
    const { publicKey } = thing as SshKey;
    const place = this.#keyPlace;
    return {
      ...resource,
      delete: async (observed, work) => {
        // Since the plan was made a machine may have lost its mark, or got the stack's firewall.
        const [unmarked] = await unmarkedRefusals(this.#opened, this.#query, work.signal);
        if (unmarked !== undefined) throw unmarked;
        await resource.delete(observed, work);
        const { servers } = await ownedThings(this.#opened, config, work.signal);
        if (servers.length > 0) return;
        const what = `the login key that podtrust made, ${place.state.pathOf(ownLoginKey)},`;
        // The resources at Hetzner are gone by now: a file that cannot be removed is no failure.
        await forgetLoginKey(place, publicKey, clock).then(
          (isGone) => isGone && notice(`${what} was removed`),
          (error: unknown) => notice(`${what} was not removed: ${errorText(error)}`),
        );
      },
    };
  }

  get #query(): UnmarkedQuery {
    const { config, leave = [] } = this.#context;
    return { stack: config, owned: this.#owned, leave };
  }

  /**
   * What is bought and where: what a server of the stack is and where it stands, if the config has it among others; else
   * what can be had now, first where addresses of the stack are.
   */
  async #choice(goal: Goal, { servers, primaryIps }: OwnedThings, signal: AbortSignal): Promise<Choice> {
    const { type, types, location, locations } = this.#hetzner;
    const { stack, identity } = this.#context.config;
    const server = ownOf(servers, { stack, identity, name: stack });
    if (goal === "absent") return { type, location };
    if (server !== undefined && server.status !== "deleting") {
      return {
        type: types.includes(server.type) ? server.type : type,
        location: locations.includes(server.location) ? server.location : location,
      };
    }
    const near = locations.filter((one) => primaryIps.some((address) => address.location === one));
    return chooseOffer(this.#opened, { types, locations, near }, signal);
  }

  async survey(goal: Goal, signal: AbortSignal): Promise<Survey> {
    const { config } = this.#context;
    const api = this.#opened;
    const [owned, keys, caller] = await Promise.all([
      ownedThings(api, config, signal),
      this.#keys(goal),
      this.#callerOf(goal, signal),
    ]);
    this.#caller = caller;
    this.#owned = owned;
    this.#hetzner = { ...this.#hetzner, ...(await this.#choice(goal, owned, signal)) };
    const foreignKey = await this.#foreignKey(keys, owned, signal);
    const input: HetznerResourcesInput = {
      config,
      machine: this.#machine,
      hetzner: this.#hetzner,
      api,
      keys,
      caller,
      owned,
      ...defined({ foreignKey }),
    };
    const desired = hetznerResources(input);
    const found = ownedResources(api, config, owned);
    const seenThings = found.map(({ resource, thing }): [string, Observed] => [
      resource.id,
      observedThing<Thing>(thing, config),
    ]);
    if (goal === "absent") {
      // Existing resources are deleted as found, whatever their current names.
      const absent = desired.filter(({ own }) => own === undefined);
      this.#left = await leftWithServers(api, this.#query, signal);
      const going = found.filter(({ resource }) => !this.#left.ids.has(resource.id));
      return {
        desired: absent.map(({ resource }) => resource),
        owned: going.map((one) => this.#withLoginKey(one)),
        seen: new Map(seenThings),
      };
    }
    const kept = new Set(desired.map(({ own }) => own?.id));
    const seen = desired.flatMap(({ resource, own }): [string, Observed][] =>
      own === undefined ? [] : [[resource.id, observedThing(own, config)]],
    );
    return {
      desired: desired.map(({ resource }) => resource),
      owned: found.filter(({ thing }) => !kept.has(thing.id)).map(({ resource }) => resource),
      seen: new Map([...seenThings, ...seen]),
    };
  }

  preflight(judged: PartPlan, signal: AbortSignal): Promise<Preflight> {
    const { networks, failures } = this.#caller;
    return hetznerPreflight(
      {
        ...judged,
        config: this.#context.config,
        machine: this.#machine,
        hetzner: this.#hetzner,
        api: this.#opened,
        unmarked: this.#query,
        left: this.#left.warnings,
        addressFailures: failures,
        isCallerUnknown: networks.length === 0 && failures.length > 0,
      },
      signal,
    );
  }

  close(): void {
    this.#api = undefined;
  }
}

/** A config's resources at Hetzner Cloud; none if it rents no machine there. Opens no connection. */
export function hetznerParts(context: PartContext): readonly Part[] {
  const { machine } = context.config;
  return machine?.hetzner === undefined ? [] : [new HetznerPart(context, machine, machine.hetzner)];
}
