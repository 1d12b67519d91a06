import {
  type Difference,
  marksOf,
  type Observed,
  ownerOf,
  type Resource,
  type Tags,
} from "../../src/plan/index.ts";

/** A thing at the model provider: one value and its tags. */
export interface Thing {
  readonly value: string;
  readonly tags: Tags;
}

/** A provider that is a map, with the faults that a test wants: for the plan's own tests. */
export class ModelProvider {
  readonly things: Map<string, Thing>;
  /** Names in the order in which they were written or deleted. */
  readonly writes: string[] = [];
  /** Throws at the n-th write from now on; undefined never. */
  failAfter: number | undefined;
  /** Called before each write. */
  onWrite: (name: string) => void = () => {};

  constructor(things: Readonly<Record<string, Thing>> = {}) {
    this.things = new Map(Object.entries(things));
  }

  write(name: string, thing: Thing | undefined): void {
    this.onWrite(name);
    if (this.failAfter !== undefined) {
      this.failAfter -= 1;
      if (this.failAfter < 0) throw new Error(`the provider failed at ${name}`);
    }
    this.writes.push(name);
    if (thing === undefined) this.things.delete(name);
    else this.things.set(name, thing);
  }
}

/** What a model resource shall be. A value that begins with `!` cannot be changed in place. */
export interface ModelWish {
  readonly stack: string;
  readonly name: string;
  readonly value: string;
  readonly dependsOn?: readonly string[];
}

/** A resource of the model provider. Creating takes two writes, so that it can be cut off in the middle. */
export function modelResource(provider: ModelProvider, wish: ModelWish): Resource<Thing> {
  const { stack, name, value } = wish;
  const tags = marksOf(stack);
  return {
    id: name,
    kind: "thing",
    names: [],
    link: "trust",
    dependsOn: wish.dependsOn ?? [],
    read(): Promise<Observed<Thing>> {
      const state = provider.things.get(name);
      if (state === undefined) return Promise.resolve({ exists: false });
      return Promise.resolve({ exists: true, state, owner: ownerOf(state.tags, stack) });
    },
    diff(observed): Difference {
      if (!observed.exists) {
        return { kind: "create", fields: [{ field: "value", before: undefined, after: value }] };
      }
      const { state } = observed;
      const fields = [
        ...(state.value === value ? [] : [{ field: "value", before: state.value, after: value }]),
        ...(ownerOf(state.tags, stack).kind === "ours" && state.tags["podtrust:format"] === "1"
          ? []
          : [{ field: "tags", before: state.tags, after: tags }]),
      ];
      if (fields.length === 0) return { kind: "none", fields };
      return { kind: value.startsWith("!") && state.value !== "" ? "replace" : "update", fields };
    },
    apply({ observed }, work) {
      if (!observed.exists) provider.write(name, { value: "", tags });
      work.waiting("the model takes its time", 1);
      provider.write(name, { value, tags });
      return Promise.resolve();
    },
    delete() {
      provider.write(name, undefined);
      return Promise.resolve();
    },
  };
}
