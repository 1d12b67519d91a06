import { mapLimit } from "../../core/base/index.ts";
import type { Inputs, Known, ResourceOutput } from "./known.ts";
import type { Observed, Resource } from "./resource.ts";

/** What was found of resources, and their current outputs. */
export class Readings implements Inputs {
  readonly #found = new Map<string, { readonly resource: Resource; readonly observed: Observed }>();

  set(resource: Resource, observed: Observed): void {
    this.#found.set(resource.id, { resource, observed });
  }

  /** What was found of a resource that was read. */
  of({ id }: Pick<Resource, "id">): Observed {
    return this.#found.get(id)?.observed ?? { exists: false };
  }

  get({ after, name }: ResourceOutput): Known<string> {
    const found = this.#found.get(after);
    if (found === undefined) throw new TypeError(`an output of ${after} is needed, which nothing makes`);
    const { resource, observed } = found;
    const value = observed.exists ? resource.outputs?.(observed.state)[name] : undefined;
    return value === undefined ? { known: false, after } : { known: true, value };
  }

  copy(): Readings {
    const other = new Readings();
    for (const { resource, observed } of this.#found.values()) other.set(resource, observed);
    return other;
  }
}

/**
 * Reads resources, each after those whose outputs it needs to be found: they come in order of dependency. What a
 * listing has `seen` already is not asked for again.
 */
export async function readAll(
  resources: readonly Resource[],
  seen: ReadonlyMap<string, Observed>,
  signal: AbortSignal,
): Promise<Readings> {
  const readings = new Readings();
  const pending = new Map<string, Promise<void>>();
  const read = async (resource: Resource): Promise<void> => {
    await Promise.all((resource.needs ?? []).flatMap(({ after }) => pending.get(after) ?? []));
    readings.set(resource, seen.get(resource.id) ?? (await resource.read(signal, readings)));
  };
  await mapLimit(resources, (resource) => {
    const started = read(resource);
    pending.set(resource.id, started);
    return started;
  });
  return readings;
}
