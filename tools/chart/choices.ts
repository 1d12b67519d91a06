/** Something that decides the shape of objects, and not only a value in them. */
export interface Choice<T = unknown> {
  /** What it is called in the spec that objects are made of. */
  readonly key: string;
  /** Each value of it, and what holds in Helm's language where it was chosen. */
  readonly options: readonly { readonly value: T; readonly when: string }[];
}

/** Choices that decide something together. What choices of two groups decide is never the same. */
export type Group = readonly Choice[];

/** The number of an option in every choice of every group, in their order. */
export type Way = readonly number[];

/** Some ways, each by its number. */
export type Some = ReadonlySet<number>;

/** When something is there. */
export interface Condition {
  /** In Helm's language. */
  readonly text: string;
  /** The first of the choices that decide, by which their group is known. */
  readonly by: number;
  readonly holds: (way: Way) => boolean;
}

/** A choice between yes and no. */
export const whether = (key: string, when: string): Choice<boolean> => ({
  key,
  options: [
    { value: true, when },
    { value: false, when: `not ${when}` },
  ],
});

/** A choice between a value that is only filled in, and none. */
export const present = <T>(key: string, mark: T, none: T, value: string): Choice<T> => ({
  key,
  options: [
    { value: mark, when: value },
    { value: none, when: `not ${value}` },
  ],
});

/** A choice of one of several words. */
export const oneOf = <T extends string>(key: string, value: string, words: readonly T[]): Choice<T> => ({
  key,
  options: words.map((word) => ({ value: word, when: `eq ${value} "${word}"` })),
});

/**
 * The ways of which a template is made: every way of each group, while all others have their first options. Their number grows
 * by each group, where it would be multiplied by it if every way were taken.
 */
export function waysOf(groups: readonly Group[]): readonly Way[] {
  const first = groups.map((group) => group.map(() => 0));
  const others = groups.flatMap((group, at) =>
    productOf(group)
      .slice(1)
      .map((way) => first.with(at, way).flat()),
  );
  return [first.flat(), ...others];
}

const productOf = (group: Group): number[][] =>
  group.reduce<number[][]>(
    (ways, { options }) => ways.flatMap((way) => options.map((_, option) => [...way, option])),
    [[]],
  );

/** What holds where one of several conditions does. */
export const anyOf = (conditions: readonly string[]): string => joined("or", [...new Set(conditions)]);

const joined = (operator: "and" | "or", parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] ?? "") : `${operator} ${parts.map((part) => `(${part})`).join(" ")}`;

/** Options that have to be chosen together, by the place of their choice. */
type Cube = ReadonlyMap<number, number>;

const holdsIn = (cube: Cube, way: Way): boolean => [...cube].every(([at, option]) => way[at] === option);

/** A way's own options, without those that are not needed to tell it from the rest. */
function widest(way: Way, places: readonly number[], rest: readonly Way[]): Cube {
  const needed = places.reduce<readonly number[]>((kept, place) => {
    const others = kept.filter((at) => at !== place);
    return rest.some((other) => others.every((at) => other[at] === way[at])) ? kept : others;
  }, places);
  return new Map(needed.map((at) => [at, way[at] ?? 0]));
}

/** The cubes without those that the others make superfluous: each of the ways is still in one. */
function withoutSpare(cubes: readonly Cube[], ways: readonly Way[]): readonly Cube[] {
  const kept = new Set(cubes);
  for (const cube of cubes.toReversed()) {
    kept.delete(cube);
    if (!ways.every((way) => [...kept].some((other) => holdsIn(other, way)))) kept.add(cube);
  }
  return cubes.filter((cube) => kept.has(cube));
}

/** The places of each group's choices in a way. */
function placesOf(groups: readonly Group[]): readonly (readonly number[])[] {
  const starts = groups.map((_, at) => groups.slice(0, at).flat().length);
  return groups.map((group, at) => group.map((_, index) => (starts[at] ?? 0) + index));
}

/**
 * What holds for some of the ways that are open, and for none of the others. Throws TypeError where choices of two groups decide
 * that: they belong into one.
 */
export function conditionFor(
  groups: readonly Group[],
  ways: readonly Way[],
  some: Some,
  open: Some,
): Condition {
  const choices = groups.flat();
  const among = (places: readonly number[], which: Some): readonly Way[] =>
    [...which]
      .map((index) => ways[index] ?? [])
      .filter((way) => way.every((option, at) => option === 0 || places.includes(at)));
  const others = new Set([...open].filter((index) => !some.has(index)));
  const [places, ...more] = placesOf(groups).filter(
    (one) => among(one, some).length > 0 && among(one, others).length > 0,
  );
  if (places === undefined || more.length > 0) {
    const names = [places ?? [], ...more].map((one) => one.map((at) => choices[at]?.key).join(", "));
    throw new TypeError(`choices of several groups decide the same: ${names.join("; ")}`);
  }
  const [wanted, rest] = [among(places, some), among(places, others)];
  const cubes = withoutSpare(
    wanted.map((way) => widest(way, places, rest)),
    wanted,
  );
  const texts = cubes.map((cube) =>
    joined(
      "and",
      [...cube].map(([at, option]) => choices[at]?.options[option]?.when ?? ""),
    ),
  );
  return { text: anyOf(texts), by: places[0] ?? 0, holds: (way) => cubes.some((cube) => holdsIn(cube, way)) };
}
