import { readTrust, shareOf, type Trust } from "../../rules/bindings/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { versionOf } from "./status.ts";

interface Known {
  /** `versionOf` the object. */
  readonly version: string;
  readonly trust: Trust | undefined;
}

/** Which bindings share what one tenant may take, by the trusts as turns read them last. Until then a namespace is by itself. */
export class GrantShares {
  /** By the trusts' names. */
  readonly #trusts = new Map<string, Known>();

  /** A trust as it was read just now. */
  see(name: string, object: KubernetesObject | undefined): void {
    if (object === undefined) {
      this.#trusts.delete(name);
      return;
    }
    const version = versionOf(object);
    if (this.#trusts.get(name)?.version === version) return;
    const read = readTrust(object);
    this.#trusts.set(name, { version, trust: "object" in read ? read.object : undefined });
  }

  /** The share of a namespace's bindings by this trust. */
  of(namespace: string, trust: string | undefined): string {
    return shareOf(namespace, this.#trusts.get(trust ?? "")?.trust);
  }
}
