interface Ordered {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/**
 * Sorts so that everything comes after what it depends on; what is free keeps its place. Two things with one
 * id, and a circle, are bugs of the caller: TypeError.
 */
export function inOrder<T extends Ordered>(items: readonly T[]): readonly T[] {
  const byId = new Map<string, T>();
  for (const item of items) {
    if (byId.has(item.id)) throw new TypeError(`two resources are called ${item.id}`);
    byId.set(item.id, item);
  }
  const sorted: T[] = [];
  const state = new Map<string, "open" | "closed">();
  const visit = (item: T): void => {
    if (state.get(item.id) === "closed") return;
    if (state.get(item.id) === "open") throw new TypeError(`${item.id} depends on itself`);
    state.set(item.id, "open");
    for (const id of item.dependsOn) {
      const needed = byId.get(id);
      if (needed !== undefined) visit(needed);
    }
    state.set(item.id, "closed");
    sorted.push(item);
  };
  for (const item of items) visit(item);
  return sorted;
}
