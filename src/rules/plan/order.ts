import { dependenciesOf, type Resource } from "./resource.ts";

/**
 * Sorts so that everything comes after what it depends on; otherwise the order stays. Two things with one id, and a
 * cycle, are bugs of the caller: TypeError.
 */
export function inOrder(resources: readonly Resource[]): readonly Resource[] {
  const byId = new Map<string, Resource>();
  for (const resource of resources) {
    if (byId.has(resource.id)) throw new TypeError(`two resources are called ${resource.id}`);
    byId.set(resource.id, resource);
  }
  const sorted: Resource[] = [];
  const state = new Map<string, "open" | "closed">();
  const visit = (resource: Resource): void => {
    if (state.get(resource.id) === "closed") return;
    if (state.get(resource.id) === "open") throw new TypeError(`${resource.id} depends on itself`);
    state.set(resource.id, "open");
    for (const id of dependenciesOf(resource)) {
      const needed = byId.get(id);
      if (needed !== undefined) visit(needed);
    }
    state.set(resource.id, "closed");
    sorted.push(resource);
  };
  for (const resource of resources) visit(resource);
  return sorted;
}
