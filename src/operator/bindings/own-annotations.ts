import { type JsonRecord, recordOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { digestOf } from "../../rules/plan/index.ts";
import { keyOf } from "./status.ts";

/** ServiceAccounts that this process annotates: their next change is its own, and no reason for another turn. */
export class OwnAnnotations {
  readonly #written = new Map<string, string>();

  writes(account: KubernetesObject): void {
    this.#written.set(keyOf(account), digestOf(account.metadata.annotations ?? {}));
  }

  /** Whether a change of a ServiceAccount made it what was written; told once. */
  are(key: string, account: JsonRecord | undefined): boolean {
    const written = this.#written.get(key);
    if (written === undefined) return false;
    this.#written.delete(key);
    return written === digestOf(recordOf(recordOf(account?.["metadata"])["annotations"]));
  }
}
