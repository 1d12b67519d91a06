import { isRecord, PodtrustError } from "../../core/base/index.ts";
import {
  type BoundKind,
  type BoundParty,
  kindOf,
  partyNames,
  type Read,
  type NamespacedName,
} from "../../rules/bindings/index.ts";
import { readYamlStream, type YamlDocument } from "../../core/yaml/index.ts";

// A rendered chart or overlay is one file, with unrelated objects too.
const bounds = { bytes: 2 * 1024 * 1024, depth: 40, tokens: 300_000, documents: 1000 } as const;

/** Larger files are not read, in bytes. */
export const maxBindingFile: number = bounds.bytes;

const maxProblems = 50;

/** A file, and its content. */
export interface BindingText {
  readonly file: string;
  readonly text: string;
}

interface ParsedDocument {
  readonly value: unknown;
  /**
   * `web.yaml:12`: position of a field such as `spec.roles[0].account`, or of its nearest parent; of the object by
   * default.
   */
  readonly placeOf: (field?: string) => string;
}

interface LocatedObject<T> {
  readonly object: T;
  readonly place: string;
}

/** The keys and positions of `spec.roles[0].account`. */
const pathOf = (field: string): readonly string[] => field.split(/[.[\]]/u).filter((key) => key !== "");

function objectsIn(file: string, document: YamlDocument): readonly ParsedDocument[] {
  const { value } = document;
  const found = (one: unknown, above: readonly string[]): ParsedDocument => ({
    value: one,
    placeOf: (field = "") => `${file}:${document.positionOf([...above, ...pathOf(field)]).line}`,
  });
  const items: unknown = isRecord(value) && value["kind"] === "List" ? value["items"] : undefined;
  if (!Array.isArray(items)) return [found(value, [])];
  return items.map((one: unknown, index) => found(one, ["items", String(index)]));
}

function objectsOf({ file, text }: BindingText, problems: string[]): readonly ParsedDocument[] {
  const read = readYamlStream(text, bounds);
  if ("documents" in read) return read.documents.flatMap((document) => objectsIn(file, document));
  problems.push(...read.problems.map(({ line, message }) => `${file}:${line}: ${message}`));
  return [];
}

function all<T>(
  found: readonly ParsedDocument[],
  read: (value: unknown) => Read<T>,
  problems: string[],
): readonly LocatedObject<T>[] {
  return found.flatMap(({ value, placeOf }) => {
    const one = read(value);
    if ("object" in one) return [{ object: one.object, place: placeOf() }];
    problems.push(...one.problems.map(({ path, message }) => `${placeOf(path)}: ${path} ${message}`));
    return [];
  });
}

/** Duplicates, with each place. */
function repeated(named: readonly { readonly name: string; readonly place: string }[]): readonly string[] {
  return [...Map.groupBy(named, ({ name }) => name)]
    .filter(([, same]) => same.length > 1)
    .map(([name, [first, ...others]]) => {
      const also = others.map(({ place }) => place).join(", ");
      return `${first?.place}: ${name} is defined here, and also in ${also}`;
    });
}

/** How the two kinds of one relying party are read. */
export interface PartyReaders<Binding, Trust> {
  readonly party: BoundParty;
  readonly readBinding: (value: unknown) => Read<Binding>;
  readonly readTrust: (value: unknown) => Read<Trust>;
}

/** What files contain for one relying party. */
export interface PartyObjects<Binding, Trust> {
  readonly bindings: readonly Binding[];
  readonly trusts: readonly Trust[];
}

/**
 * Bindings and trusts in YAML: any number of documents in each text, each an object or a List. Objects of other kinds
 * are skipped. Relying parties are known before their objects are read, so that only the needed readers are loaded.
 */
export class BindingFiles {
  /** The relying parties whose kinds occur, in the order of `partyNames`. */
  readonly parties: readonly BoundParty[];
  readonly #found: ReadonlyMap<BoundKind | undefined, readonly ParsedDocument[]>;
  readonly #problems: string[] = [];

  constructor(texts: readonly BindingText[]) {
    const found = texts.flatMap((one) => objectsOf(one, this.#problems));
    this.#found = Map.groupBy(found, ({ value }) => kindOf(value));
    this.parties = (Object.keys(partyNames) as readonly BoundParty[]).filter((party) => {
      const { binding, trust } = partyNames[party];
      return this.#found.has(binding.kind) || this.#found.has(trust.kind);
    });
  }

  /** All objects of one relying party. `check` reports their mistakes. */
  read<Binding extends NamespacedName, Trust extends Pick<NamespacedName, "name">>({
    party,
    readBinding,
    readTrust,
  }: PartyReaders<Binding, Trust>): PartyObjects<Binding, Trust> {
    const { binding, trust } = partyNames[party];
    const bindings = all(this.#found.get(binding.kind) ?? [], readBinding, this.#problems);
    const trusts = all(this.#found.get(trust.kind) ?? [], readTrust, this.#problems);
    this.#problems.push(
      ...repeated([
        ...bindings.map(({ object: { namespace, name }, place }) => ({
          name: `${binding.kind} ${namespace}/${name}`,
          place,
        })),
        ...trusts.map(({ object: { name }, place }) => ({ name: `${trust.kind} ${name}`, place })),
      ]),
    );
    return {
      bindings: bindings.map(({ object }) => object),
      trusts: trusts.map(({ object }) => object),
    };
  }

  /** Throws `binding-invalid` with every mistake found, each with its file and line. */
  check(): void {
    if (this.#problems.length === 0) return;
    const first = this.#problems.slice(0, maxProblems);
    throw new PodtrustError(
      "binding-invalid",
      `bindings have mistakes:${first.map((one) => `\n  ${one}`).join("")}`,
      { detail: { problems: first } },
    );
  }
}
