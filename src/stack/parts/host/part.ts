import type { MachineConfig } from "../../../config/index.ts";
import { type HostConnection, k3sNames, k3sResource } from "../../../host/index.ts";
import type { Resource } from "../../../plan/index.ts";
import type { Named, Part, PartContext, Place, Preflight, Survey } from "../part.ts";
import { hostConnection } from "./place.ts";
import { k3sWish } from "./wish.ts";

/** What is set up on the machine of a config. */
class HostPart implements Part {
  readonly id = "host";
  readonly #context: PartContext;
  readonly #machine: MachineConfig;
  readonly #connection: HostConnection;

  constructor(context: PartContext, machine: MachineConfig, connection: HostConnection) {
    this.#context = context;
    this.#machine = machine;
    this.#connection = connection;
  }

  get named(): readonly Named[] {
    return [k3sNames(this.#context.config.stack)];
  }

  open(): Promise<Place> {
    const { ssh, user } = this.#machine;
    const where = ssh === undefined ? "the machine" : `machine ${ssh.address}`;
    return Promise.resolve({ where, caller: ssh?.user ?? user });
  }

  survey(): Promise<Survey> {
    const { config, clock } = this.#context;
    const wish = k3sWish(config, this.#machine);
    const desired: Resource[] = [k3sResource({ connection: this.#connection, clock, wish, dependsOn: [] })];
    return Promise.resolve({ desired, owned: [], seen: new Map() });
  }

  preflight(): Promise<Preflight> {
    return Promise.resolve({ refusals: [], warnings: [] });
  }

  close(): void {
    void this.#connection.close();
  }
}

/** The part of a config's machine; none without one. Opens no connection. */
export function hostParts(context: PartContext): readonly Part[] {
  const { machine } = context.config;
  const connection = hostConnection(context);
  if (machine === undefined || connection === undefined) return [];
  return [new HostPart(context, machine, connection)];
}
