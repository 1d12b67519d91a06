/** Something that decides the shape of objects, and not only a value in them. */
export interface Choice<T = unknown> {
  /** What it is called in the spec that objects are made of. */
  readonly key: string;
  /** Each value of it, and what holds in Helm's language where it was chosen. */
  readonly options: readonly { readonly value: T; readonly when: string }[];
}

/** Every way to choose, each by the number of its option in every choice. */
export type Ways = readonly (readonly number[])[];

/** Some of the ways. */
export type Some = ReadonlySet<number>;

/** A choice between yes and no. */
export const whether = (key: string, when: string): Choice<boolean> => ({
  key,
  options: [
    { value: true, when },
    { value: false, when: `not ${when}` },
  ],
});

/** A choice between a text that is only filled in and none. */
export const present = (key: string, mark: string, value: string): Choice<string> => ({
  key,
  options: [
    { value: mark, when: value },
    { value: "", when: `not ${value}` },
  ],
});

/** A choice of one of several words. */
export const oneOf = <T extends string>(key: string, value: string, words: readonly T[]): Choice<T> => ({
  key,
  options: words.map((word) => ({ value: word, when: `eq ${value} "${word}"` })),
});

/** Every way to choose. */
export function waysOf(choices: readonly Choice[]): Ways {
  return choices.reduce<number[][]>(
    (ways, { options }) => ways.flatMap((way) => options.map((_, index) => [...way, index])),
    [[]],
  );
}

const joined = (operator: "and" | "or", parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] ?? "") : `${operator} ${parts.map((part) => `(${part})`).join(" ")}`;

/** How far apart two ways of `waysOf` are that differ by one option of a choice. */
const strideOf = (choices: readonly Choice[], index: number): number =>
  choices.slice(index + 1).reduce((count, { options }) => count * options.length, 1);

/** By which choices some ways differ from the rest. */
function deciding(choices: readonly Choice[], ways: Ways, some: Some, rest: readonly number[]) {
  const every = choices.map((_, index) => index);
  const others = new Set(rest);
  const strides = every.map((index) => strideOf(choices, index));
  /** Whether one of the rest is chosen otherwise at one place alone. */
  const isNextTo = (one: number, index: number): boolean => {
    const [chosen = 0, stride = 0] = [ways[one]?.[index], strides[index]];
    return (choices[index]?.options ?? []).some(
      (_, option) => option !== chosen && others.has(one + (option - chosen) * stride),
    );
  };
  const found = every.filter((index) => [...some].some((one) => isNextTo(one, index)));
  const seenBy = (way: number): string => found.map((index) => ways[way]?.[index]).join();
  const seen = new Set([...some].map(seenBy));
  return rest.some((way) => seen.has(seenBy(way))) ? every : found;
}

/** What holds in Helm's language for some of the ways that are still open, and for none of the others. */
export function conditionFor(choices: readonly Choice[], ways: Ways, some: Some, open: Some): string {
  const rest = [...open].filter((way) => !some.has(way));
  const by = deciding(choices, ways, some, rest);
  const conditions = new Set(
    [...some].map((way) =>
      joined(
        "and",
        by.map((index) => choices[index]?.options[ways[way]?.[index] ?? 0]?.when ?? ""),
      ),
    ),
  );
  return joined("or", [...conditions]);
}
