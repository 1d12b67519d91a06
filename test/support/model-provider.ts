import { defined, mapped } from "../../src/core/base/index.ts";
import {
  awsTags,
  type Difference,
  type Inputs,
  type Known,
  type Observed,
  type Resource,
  shownKnown,
  type StackOwner,
  type Tags,
} from "../../src/rules/plan/index.ts";
import { stackOwner } from "./stack-owner.ts";

/** A thing at the model provider. */
export interface Thing {
  readonly value: string;
  readonly tags: Tags;
  /** Another one each time that it is created; what it gives to others. */
  readonly serial?: number;
  /** The thing that it stands in, and goes with. */
  readonly inside?: string | undefined;
  /** Moves by itself. */
  readonly traffic?: number;
}

/** A provider that is a map, with the faults that a test wants: for the plan's own tests. */
export class ModelProvider {
  readonly things: Map<string, Thing>;
  /** Names in the order in which they were written or deleted. */
  readonly writes: string[] = [];
  /** Names in the order in which they were read. */
  readonly reads: string[] = [];
  /** Throws at the n-th write from now on; undefined never. */
  failAfter: number | undefined;
  /** Called before each write. */
  onWrite: (name: string) => void = () => {};
  #serial = 0;

  constructor(things: Readonly<Record<string, Thing>> = {}) {
    this.things = new Map(Object.entries(things));
    for (const [name, thing] of this.things) this.things.set(name, { ...thing, serial: this.nextSerial() });
  }

  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  write(name: string, thing: Thing | undefined): void {
    this.onWrite(name);
    if (this.failAfter !== undefined) {
      this.failAfter -= 1;
      if (this.failAfter < 0) throw new Error(`the provider failed at ${name}`);
    }
    this.writes.push(name);
    if (thing === undefined) this.#remove(name);
    else this.things.set(name, thing);
  }

  #remove(name: string): void {
    this.things.delete(name);
    for (const [other, { inside }] of this.things) if (inside === name) this.#remove(other);
  }
}

/**
 * What a model resource shall be. A value that begins with `!` cannot be changed in place; one that holds `%` for
 * an output gets the serial of what it `takes` in its place.
 */
export interface ModelSpec {
  readonly stack: string;
  readonly name: string;
  readonly value: string;
  readonly dependsOn?: readonly string[];
  /** The name of a thing whose serial becomes part of the value, after a `#`. */
  readonly takes?: string | undefined;
  /** The name of a thing in which it stands: gone with it, and not made without. */
  readonly inside?: string | undefined;
  readonly ifTaken?: string;
  readonly isRight?: true;
}

function wantedOf({ value, takes }: ModelSpec, inputs: Inputs): Known<string> {
  if (takes === undefined) return { known: true, value };
  const serial = inputs.get({ after: takes, name: "serial" });
  return serial.known ? { known: true, value: `${value}#${serial.value}` } : serial;
}

const isFixed = (value: string): boolean => value.startsWith("!");

const isMarked = (tags: Tags, owner: StackOwner): boolean =>
  Object.entries(awsTags.of(owner)).every(([key, value]) => tags[key] === value);

/** A resource of the model provider. Creating takes two writes, so that it can be cut off in the middle. */
export function modelResource(provider: ModelProvider, spec: ModelSpec): Resource<Thing> {
  const { stack, name, inside, takes, ifTaken, isRight } = spec;
  const owner = stackOwner(stack);
  const tags = awsTags.of(owner);
  const valueOf = (inputs: Inputs): string => {
    const wanted = wantedOf(spec, inputs);
    if (!wanted.known) throw new TypeError(`${name} was applied before ${wanted.after}`);
    return wanted.value;
  };
  return {
    id: name,
    kind: "thing",
    names: [],
    link: "trust",
    dependsOn: [...(spec.dependsOn ?? []), ...(inside === undefined ? [] : [inside])],
    ...defined({ needs: mapped(takes, (after) => [{ after, name: "serial" }]), ifTaken, isRight }),
    read(): Promise<Observed<Thing>> {
      provider.reads.push(name);
      const state = provider.things.get(name);
      if (state === undefined) return Promise.resolve({ exists: false });
      return Promise.resolve({ exists: true, state, owner: awsTags.ownerOf(state.tags, owner) });
    },
    fingerprint: ({ value, tags: found, serial }) => [value, found, serial],
    outputs: ({ serial }) => ({ serial: String(serial) }),
    diff(observed, inputs): Difference {
      const wanted = wantedOf(spec, inputs);
      const after = shownKnown(wanted);
      if (!observed.exists) {
        return { kind: "create", fields: [{ field: "value", before: undefined, after }] };
      }
      const { state } = observed;
      const isSame = wanted.known && state.value === wanted.value;
      const fields = [
        ...(isSame ? [] : [{ field: "value", before: state.value, after }]),
        ...(isMarked(state.tags, owner) ? [] : [{ field: "tags", before: state.tags, after: tags }]),
      ];
      if (fields.length === 0) return { kind: "none", fields };
      return { kind: isFixed(spec.value) && state.value !== "" ? "replace" : "update", fields };
    },
    apply({ observed }, work) {
      if (inside !== undefined && !provider.things.has(inside)) {
        throw new TypeError(`${name} was made before ${inside}`);
      }
      const value = valueOf(work.inputs);
      const serial = observed.exists ? observed.state.serial : provider.nextSerial();
      const made = { tags, inside, ...defined({ serial }) };
      if (!observed.exists) provider.write(name, { ...made, value: "" });
      work.waiting("the model takes its time", 1);
      provider.write(name, { ...made, value });
      return Promise.resolve();
    },
    delete() {
      provider.write(name, undefined);
      return Promise.resolve();
    },
  };
}
