import type { Parameter, ParameterVersion } from "../state/records.ts";
import { AwsError } from "../wire/error.ts";
import { required, structures, text, texts } from "../wire/input.ts";
import { checkPath, isBelow, rooted } from "./name.ts";
import { latestOf } from "./parameter-store.ts";

export interface ParameterFilter {
  readonly Key: string;
  readonly Option: string | undefined;
  readonly Values: readonly string[] | undefined;
}

/** The form of ParameterFilters (Systems Manager API Reference, "ParameterStringFilter"). */
export const filterInput = structures({
  Key: required(text({ min: 1, max: 132, pattern: "tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType" })),
  Option: text({ min: 1, max: 10 }),
  Values: texts({ min: 1, max: 1024 }, { min: 1, max: 50 }),
});

/** The form of Filters, the older ones. */
export const oldFilterInput = structures({
  Key: required(text({ oneOf: ["Name", "Type", "KeyId"] })),
  Values: required(texts({ min: 1, max: 1024 }, { min: 1, max: 50 })),
});

/** The filtering operation, and the keys that it knows beside `tag:`. */
const keysOf = {
  DescribeParameters: ["Path", "Name", "Type", "KeyId", "Tier", "DataType"],
  GetParametersByPath: ["Type", "KeyId", "Label"],
} as const;
export type FilteringOperation = keyof typeof keysOf;

/** The keys that AWS names in its refusal, which differ slightly from those it accepts. */
const namedKeys: Readonly<Record<FilteringOperation, string>> = {
  DescribeParameters: "[Path, Name, Type, KeyId, Tier]",
  GetParametersByPath: "[Type, KeyId]",
};

const choices: ReadonlyMap<string, readonly string[]> = new Map([
  ["Tier", ["Standard", "Advanced", "Intelligent-Tiering"]],
  ["Type", ["String", "StringList", "SecureString"]],
]);

function checkKey({ Key: key, Values: values }: ParameterFilter, operation: FilteringOperation): void {
  const keys: readonly string[] = keysOf[operation];
  const tagged = operation === "DescribeParameters" && key.startsWith("tag:");
  if (!tagged && !keys.includes(key)) {
    throw new AwsError(
      "InvalidFilterKey",
      `The following filter key is not valid: ${key}. Valid filter keys include: ${namedKeys[operation]}.`,
    );
  }
  if (!tagged && values === undefined) {
    throw new AwsError(
      "InvalidFilterValue",
      `The following filter values are missing : null for filter key ${key}.`,
    );
  }
}

function checkOption({ Key: key, Option: option }: ParameterFilter): void {
  if (option === undefined) return;
  const standard = ["BeginsWith", "Equals"];
  const named = key === "Path" ? ["Recursive", "OneLevel"] : standard;
  const taken = key === "Name" ? [...standard, "Contains"] : named;
  if (taken.includes(option)) return;
  throw new AwsError(
    "InvalidFilterOption",
    `The following filter option is not valid: ${option}. Valid options include: [${named.join(", ")}].`,
  );
}

function checkValues({ Key: key, Values: values = [] }: ParameterFilter): void {
  const known = choices.get(key);
  const unknown = known === undefined ? undefined : values.find((value) => !known.includes(value));
  if (unknown !== undefined) {
    throw new AwsError(
      "InvalidFilterValue",
      `The following filter value is not valid: ${unknown}. Valid values include: [${known?.join(", ")}].`,
    );
  }
  if (key !== "Path") return;
  if (values.some((value) => /^\/(?:aws|ssm)/iu.test(value))) {
    throw new AwsError(
      "ValidationException",
      'Filters for common parameters can\'t be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.',
    );
  }
  for (const value of values) checkPath(value);
}

function checkOnce(filters: readonly ParameterFilter[]): void {
  const twice = filters.find(({ Key: key }, index) => filters.findIndex((one) => one.Key === key) < index);
  if (twice === undefined) return;
  throw new AwsError(
    "InvalidFilterKey",
    `The following filter is duplicated in the request: ${twice.Key}. A request can contain only one occurrence of a specific filter.`,
  );
}

/**
 * Refuses filters that AWS refuses, by its API reference; the texts are those of moto's own tests (getmoto/moto,
 * tests/test_ssm).
 */
export function checkFilters(filters: readonly ParameterFilter[], operation: FilteringOperation): void {
  for (const filter of filters) checkKey(filter, operation);
  checkOnce(filters);
  for (const filter of filters) {
    checkOption(filter);
    checkValues(filter);
  }
}

type Read = (parameter: Parameter, version: ParameterVersion) => readonly string[];

const optional = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

const attributes: ReadonlyMap<string, Read> = new Map<string, Read>([
  // `p` and `/p` are the same name.
  ["Name", ({ name }) => [rooted(name)]],
  ["Type", (_, { type }) => [type]],
  ["KeyId", (_, { keyId }) => optional(keyId)],
  ["Tier", (_, { tier }) => [tier]],
  ["DataType", (_, { dataType }) => [dataType]],
  ["Label", (_, { labels }) => labels],
]);

function readerOf(key: string): Read {
  const read = attributes.get(key);
  return read ?? (({ tags }) => optional(tags.find((tag) => `tag:${tag.key}` === key)?.value));
}

const comparisons: ReadonlyMap<string, (actual: string, wanted: string) => boolean> = new Map([
  ["Equals", (actual: string, wanted: string) => actual === wanted],
  ["BeginsWith", (actual: string, wanted: string) => actual.startsWith(wanted)],
  ["Contains", (actual: string, wanted: string) => actual.includes(wanted)],
]);

type Test = (parameter: Parameter, version: ParameterVersion) => boolean;

function testOf({ Key: key, Option: option, Values: values }: ParameterFilter): Test {
  if (key === "Path") {
    return ({ name }) => (values ?? []).some((path) => isBelow(path, name, option === "Recursive"));
  }
  const read = readerOf(key);
  if (values === undefined) return (...of) => read(...of).length > 0;
  const compare = comparisons.get(option ?? "Equals");
  const wanted = key === "Name" && option !== "Contains" ? values.map(rooted) : values;
  return (...of) => read(...of).some((actual) => wanted.some((value) => compare?.(actual, value) === true));
}

/**
 * Whether a version passes all filters, which were validated: one value of each must match; without values, the tag
 * must exist.
 */
export function passes(filters: readonly ParameterFilter[]): Test {
  const tests = filters.map(testOf);
  return (parameter, version) => tests.every((test) => test(parameter, version));
}

/** The newest version that passes; with a label as filter it may be an older one. */
export function passingVersion(
  parameter: Parameter,
  filters: readonly ParameterFilter[],
): ParameterVersion | undefined {
  const byLabel = filters.some(({ Key: key }) => key === "Label");
  const test = passes(filters);
  const candidates = byLabel ? parameter.versions : [latestOf(parameter)];
  return candidates.findLast((version) => test(parameter, version));
}
