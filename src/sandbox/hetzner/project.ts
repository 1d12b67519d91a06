import { randomInt } from "node:crypto";
import { type Clock, errorText, isoSeconds } from "../../core/base/index.ts";
import { notFound, uniquenessError } from "./api-error.ts";
import { locations, serverTypes } from "./catalogue.ts";
import type { MachineMaker } from "./machines.ts";
import type {
  Action,
  Firewall,
  Location,
  PrimaryIp,
  ResourceReference,
  Server,
  ServerType,
  SshKey,
  Zone,
} from "./types.ts";
import type { HetznerVariants } from "./variants.ts";

/** How long things take, in milliseconds. */
export interface Delays {
  /** An action, from start to success. */
  readonly action: number;
  /** A firewall set at creation, until it is `applied`. */
  readonly firewall: number;
  /** What a deleted server used, until the API releases it. */
  readonly release: number;
}

/** What an action waits for. */
interface Pace {
  /** Milliseconds; the default time of actions by default. */
  readonly delay?: number | undefined;
  readonly work?: Promise<void> | undefined;
}

interface Event {
  readonly due: number;
  readonly run: () => void;
}

/** A resource by number, or by a name in place of it. */
type Identity = { readonly id: number; readonly name: string };

const failureOf = (error: unknown): Action["error"] => ({ code: "action_failed", message: errorText(error) });

/** Number, numeric text and name are all accepted, since clients send each of them. */
export function findByIdOrName<T extends Identity>(items: Iterable<T>, idOrName: unknown): T | undefined {
  const text = String(idOrName);
  for (const item of items) if (String(item.id) === text || item.name === text) return item;
  return undefined;
}

/**
 * One project: its content, and its running actions. There are no timers: due effects are applied at the next request,
 * in their order, so that a moved clock moves the project.
 */
export class HetznerProject {
  readonly sshKeys = new Map<number, SshKey>();
  readonly firewalls = new Map<number, Firewall>();
  readonly primaryIps = new Map<number, PrimaryIp>();
  readonly servers = new Map<number, Server>();
  readonly zones = new Map<number, Zone>();
  readonly actions = new Map<number, Action>();
  /** Types that are sold out, as `cax11` or `cax11@nbg1`. */
  readonly soldOut = new Set<string>();
  /** Resources that a deleted server still holds, by id, with the time of their release. */
  readonly held = new Map<number, number>();
  readonly delays: Delays;
  readonly variants: HetznerVariants;
  /** Makes the machines behind servers; none by default. */
  readonly machines: MachineMaker | undefined;
  readonly #clock: Clock;
  readonly #lag: number;
  /** When each id was given. */
  readonly #born = new Map<number, number>();
  #events: Event[] = [];
  #nextId = 4_711_000 + randomInt(1000);

  constructor(
    clock: Clock,
    delays: Delays,
    variants: HetznerVariants,
    { machines, lag = 0 }: { readonly machines?: MachineMaker; readonly lag?: number },
  ) {
    this.#clock = clock;
    this.#lag = lag;
    this.delays = delays;
    this.variants = variants;
    this.machines = machines;
  }

  now(): number {
    return this.#clock.now();
  }

  /** RFC 3339 with an offset, as the API writes times. */
  time(at = this.now()): string {
    return isoSeconds(at).replace("Z", "+00:00");
  }

  newId(): number {
    this.#nextId += 1;
    this.#born.set(this.#nextId, this.now());
    return this.#nextId;
  }

  /** What reading shows by now. */
  shown<T>(table: ReadonlyMap<number, T>): ReadonlyMap<number, T> {
    const isOld = (id: number): boolean => this.now() - (this.#born.get(id) ?? 0) >= this.#lag;
    return new Map([...table].filter(([id]) => isOld(id)));
  }

  /** Does something after this many milliseconds. */
  later(delay: number, run: () => void): void {
    this.#events.push({ due: this.now() + delay, run });
    if (delay <= 0) this.settle();
  }

  /** Applies what is due. */
  settle(): void {
    for (;;) {
      const now = this.now();
      const due = this.#events.filter((event) => event.due <= now).sort((a, b) => a.due - b.due)[0];
      if (due === undefined) break;
      this.#events = this.#events.filter((event) => event !== due);
      due.run();
    }
    for (const action of this.actions.values()) this.#progress(action);
    for (const server of this.servers.values()) this.#follow(server);
  }

  /** A machine that has ended by itself is off. */
  #follow(server: Server): void {
    if (server.status !== "running" || server.machine === undefined || server.machine.isOn()) return;
    if (!this.isBusy({ id: server.id, type: "server" })) server.status = "off";
  }

  #progress(action: Action): void {
    if (action.status !== "running") return;
    const elapsed = this.now() - Date.parse(action.started);
    action.progress = Math.max(
      0,
      Math.min(95, Math.floor((elapsed / Math.max(1, this.delays.action)) * 100)),
    );
  }

  /**
   * Starts an action that succeeds after a while; `done` is its effect. `delay` 0: it has already succeeded. With
   * `work`, it succeeds once that is done too, and fails with it.
   */
  begin(
    command: string,
    resources: readonly ResourceReference[],
    done: () => void = () => {},
    { delay = this.delays.action, work }: Pace = {},
  ): Action {
    const action: Action = {
      id: this.newId(),
      command,
      status: "running",
      progress: 0,
      started: this.time(),
      finished: null,
      resources,
      error: null,
    };
    this.actions.set(action.id, action);
    const finish = (error: Action["error"]): void => {
      action.status = error === null ? "success" : "error";
      action.error = error;
      action.progress = 100;
      action.finished = this.time();
      if (error === null) done();
    };
    if (work === undefined) this.later(delay, () => finish(null));
    else {
      const outcome = work.then(() => null, failureOf);
      this.later(delay, () => void outcome.then(finish));
    }
    return action;
  }

  /** Whether an action on a resource is running. */
  isBusy({ id, type }: ResourceReference): boolean {
    return [...this.actions.values()].some(
      ({ status, resources }) =>
        status === "running" && resources.some((one) => one.id === id && one.type === type),
    );
  }

  /** Throws 409 if another resource of that kind has the name. */
  claimName(table: ReadonlyMap<number, Identity>, name: string, own?: number): void {
    for (const item of table.values()) {
      if (item.name === name && item.id !== own) throw uniquenessError("name", "name is already used");
    }
  }

  /** A resource by its id; throws 404. */
  get<T>(table: ReadonlyMap<number, T>, kind: string, id: string): T {
    const item = table.get(Number(id));
    if (item === undefined) throw notFound(kind, id);
    return item;
  }

  location(idOrName: unknown): Location | undefined {
    return findByIdOrName(locations, idOrName);
  }

  /** The types with their current availability. */
  types(): readonly ServerType[] {
    return serverTypes.map((type) => ({
      ...type,
      locations: type.locations.map((where) => ({
        ...where,
        available: where.available && !this.isSoldOut(type.name, where.name),
      })),
    }));
  }

  isSoldOut(type: string, location: string): boolean {
    return this.soldOut.has(type) || this.soldOut.has(`${type}@${location}`);
  }

  /** Whether a deleted server still holds a resource. */
  isHeld(id: number): boolean {
    const until = this.held.get(id);
    return until !== undefined && until > this.now();
  }
}
