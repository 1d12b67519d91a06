import type { Parameter } from "../state/index.ts";
import { AwsError, structures, text, texts } from "../wire/index.ts";
import { isBelow } from "./name.ts";

export interface ParameterFilter {
  readonly Key: string | undefined;
  readonly Option: string | undefined;
  readonly Values: readonly string[] | undefined;
}

/** How ParameterFilters come. */
export const filterInput = structures({
  Key: text({ min: 1, max: 132 }),
  Option: text({ min: 1, max: 10 }),
  Values: texts({ min: 1, max: 1024 }, { min: 1, max: 50 }),
});

type Test = (parameter: Parameter, value: string) => boolean;

type Read = (parameter: Parameter) => string | undefined;

const attributes: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["Name", (parameter) => parameter.name],
  ["Type", (parameter) => parameter.type],
  ["KeyId", (parameter) => parameter.keyId],
  ["Tier", (parameter) => parameter.tier],
  ["DataType", (parameter) => parameter.dataType],
]);

function attribute(key: string): Read | undefined {
  if (!key.startsWith("tag:")) return attributes.get(key);
  return (parameter) => parameter.tags.find((tag) => `tag:${tag.key}` === key)?.value;
}

const comparisons: ReadonlyMap<string, (actual: string, wanted: string) => boolean> = new Map([
  ["Equals", (actual: string, wanted: string) => actual === wanted],
  ["BeginsWith", (actual: string, wanted: string) => actual.startsWith(wanted)],
  ["Contains", (actual: string, wanted: string) => actual.includes(wanted)],
]);

function pathTest(option: string): Test {
  if (option !== "Recursive" && option !== "OneLevel") {
    throw new AwsError(
      "InvalidFilterOption",
      `The following filter option is not valid: ${option}. Valid options include: [Recursive, OneLevel]`,
    );
  }
  return (parameter, value) => isBelow(value, parameter.name, option === "Recursive");
}

function testOf(key: string, option: string | undefined): Test {
  if (key === "Path") return pathTest(option ?? "OneLevel");
  const read = attribute(key);
  if (read === undefined) {
    throw new AwsError("InvalidFilterKey", `The specified filter key ${key} isn't valid.`);
  }
  const compare = comparisons.get(option ?? "Equals");
  if (compare === undefined) {
    throw new AwsError("InvalidFilterOption", `The following filter option is not valid: ${option}.`);
  }
  return (parameter, value) => {
    const actual = read(parameter);
    return actual !== undefined && compare(actual, value);
  };
}

/** Whether a parameter passes all filters: of each, one value must fit; without values, the key must be there. */
export function passes(filters: readonly ParameterFilter[]): (parameter: Parameter) => boolean {
  const tests = filters.map(({ Key, Option, Values }) => ({
    test: testOf(Key ?? "", Option),
    values: Values,
    read: attribute(Key ?? ""),
  }));
  return (parameter) =>
    tests.every(({ test, values, read }) =>
      values === undefined ? read?.(parameter) !== undefined : values.some((value) => test(parameter, value)),
    );
}
