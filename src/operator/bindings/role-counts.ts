import { recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import {
  type CountedBinding,
  type Trust,
  withoutRoom,
  type WithoutRoom,
} from "../../rules/bindings/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import type { GrantRoom } from "./turn.ts";
import { keyOf, possibleRoles, statusOf } from "./status.ts";

function countOf(object: KubernetesObject): CountedBinding {
  const { namespace = "", name } = object.metadata;
  const spec = recordOf(object["spec"]);
  const managed = recordsOf(spec["roles"]).filter((role) => role["managed"] !== undefined);
  return {
    namespace,
    name,
    trust: textOf(spec["trust"]) ?? "",
    created: object.metadata.creationTimestamp ?? "",
    wanted: managed.length,
    held: possibleRoles(statusOf(object)).filter((role) => role.managed).length,
  };
}

/** How many roles all bindings have and ask for, as a watch last saw them: by that grants have room for more, or not. */
export class RoleCounts {
  /** By `namespace/name`. */
  readonly #counts = new Map<string, CountedBinding>();
  /** By trust and grant, since something was counted anew. */
  readonly #known = new Map<string, WithoutRoom>();

  see(object: KubernetesObject): void {
    const [key, count] = [keyOf(object), countOf(object)];
    if (JSON.stringify(this.#counts.get(key)) === JSON.stringify(count)) return;
    this.#counts.set(key, count);
    this.#known.clear();
  }

  gone(key: string): void {
    if (this.#counts.delete(key)) this.#known.clear();
  }

  /** Which grants of a trust have no room for a binding. */
  of(trust: Trust, key: string): GrantRoom {
    const beyond = (which: keyof WithoutRoom): ReadonlySet<string> =>
      new Set(trust.grants.filter((one) => this.#of(trust, one)[which].has(key)).map(({ name }) => name));
    return { heldBeyond: beyond("held"), wantedBeyond: beyond("wanted") };
  }

  #of({ name }: Trust, grant: Trust["grants"][number]): WithoutRoom {
    const { namespaces, serviceAccounts, maxRoles } = grant;
    const asked = JSON.stringify([name, namespaces, serviceAccounts, maxRoles]);
    const known = this.#known.get(asked);
    if (known !== undefined) return known;
    const bindings = [...this.#counts.values()].filter(({ trust }) => trust === name);
    const found = withoutRoom(grant, bindings);
    this.#known.set(asked, found);
    return found;
  }
}
