import { namespaceOf } from "./controller.ts";

/** Keys that are ready, given out in turn between namespaces, so that one with thousands of them delays no other. */
export class FairKeys {
  /** In the order in which it is their turn. */
  readonly #namespaces = new Map<string, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(key: string): void {
    const namespace = namespaceOf(key);
    const keys = this.#namespaces.get(namespace) ?? new Set();
    if (keys.has(key)) return;
    keys.add(key);
    this.#size += 1;
    this.#namespaces.set(namespace, keys);
  }

  /** The key whose turn it is, the first of a namespace, that may run; its namespace comes last then. */
  take(mayRun: (key: string) => boolean = () => true): string | undefined {
    for (const [namespace, keys] of this.#namespaces) {
      const [key] = keys;
      if (key === undefined || !mayRun(key)) continue;
      keys.delete(key);
      this.#size -= 1;
      this.#namespaces.delete(namespace);
      if (keys.size > 0) this.#namespaces.set(namespace, keys);
      return key;
    }
    return undefined;
  }
}
