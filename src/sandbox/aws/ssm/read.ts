import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { flag, integer, required, text, texts } from "../wire/input.ts";
import {
  checkFilters,
  filterInput,
  oldFilterInput,
  type ParameterFilter,
  passes,
  passingVersion,
} from "./filter.ts";
import { anyResource, checkPath, isBelow } from "./name.ts";
import { pageOf } from "./page.ts";
import {
  type SelectedVersion,
  latestOf,
  type OpenParameterStore,
  type ParameterStore,
} from "./parameter-store.ts";

function readNeed(store: ParameterStore, operation: string, name: string): Need {
  return { action: `ssm:${operation}`, resource: store.arn(name), context: store.tagContext(name) };
}

function getParameter(open: OpenParameterStore): ServiceAction {
  return action({
    input: { Name: required(text({ min: 1, max: 2048 })), WithDecryption: flag() },
    access: ({ Name }, call) => [readNeed(open(call), "GetParameter", Name)],
    run({ Name, WithDecryption }, call) {
      const store = open(call);
      return { Parameter: store.shape(store.read(Name), WithDecryption === true) };
    },
  });
}

function getParameters(open: OpenParameterStore): ServiceAction {
  return action({
    input: { Names: required(texts({ min: 1, max: 2048 }, { min: 1, max: 10 })), WithDecryption: flag() },
    access: ({ Names }, call) => Names.map((name) => readNeed(open(call), "GetParameters", name)),
    run({ Names, WithDecryption }, call) {
      const store = open(call);
      const looked = [...new Set(Names)].map((name) => ({ name, found: store.find(name) }));
      return {
        Parameters: looked.flatMap(({ found }) =>
          found === undefined ? [] : [store.shape(found, WithDecryption === true)],
        ),
        InvalidParameters: looked.flatMap(({ name, found }) => (found === undefined ? [name] : [])),
      };
    },
  });
}

/**
 * AWS authorises the path, not what stands below it: "if a user has permission to access path /a, the user can
 * also access /a/b", a Deny on /a/b for GetParameter notwithstanding
 * (https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html).
 */
function getParametersByPath(open: OpenParameterStore): ServiceAction {
  return action({
    input: {
      Path: required(text({ min: 1, max: 2048 })),
      Recursive: flag(),
      ParameterFilters: filterInput,
      WithDecryption: flag(),
      MaxResults: integer({ min: 1, max: 10 }),
      NextToken: text(),
    },
    access: ({ Path, Recursive }, call) => [
      {
        action: "ssm:GetParametersByPath",
        resource: open(call).arn(Path),
        context: { "ssm:Recursive": String(Recursive === true) },
      },
    ],
    run(params, call) {
      const filters = params.ParameterFilters ?? [];
      checkPath(params.Path);
      checkFilters(filters, "GetParametersByPath");
      const store = open(call);
      const below = store
        .all()
        .filter(({ name }) => isBelow(params.Path, name, params.Recursive === true))
        .flatMap((parameter): (SelectedVersion & { readonly name: string })[] => {
          const version = passingVersion(parameter, filters);
          return version === undefined
            ? []
            : [{ parameter, version, name: parameter.name, selector: undefined }];
        });
      const { items, next } = pageOf(below, params.MaxResults ?? 10, params.NextToken);
      return {
        Parameters: items.map((one) => store.shape(one, params.WithDecryption === true)),
        NextToken: next,
      };
    },
  });
}

/** Both kinds of filters in the newer form; the older matches names by prefix. */
function filtersOf(params: {
  readonly Filters: readonly { readonly Key: string; readonly Values: readonly string[] }[] | undefined;
  readonly ParameterFilters: readonly ParameterFilter[] | undefined;
}): readonly ParameterFilter[] {
  const { Filters: old, ParameterFilters: filters } = params;
  if (old !== undefined && filters !== undefined) {
    const text_ = "You can use either Filters or ParameterFilters in a single request.";
    throw new AwsError("ValidationException", text_);
  }
  return (
    filters ??
    (old ?? []).map(({ Key, Values }) => ({ Key, Values, Option: Key === "Name" ? "BeginsWith" : "Equals" }))
  );
}

function describeParameters(open: OpenParameterStore): ServiceAction {
  return action({
    input: {
      Filters: oldFilterInput,
      ParameterFilters: filterInput,
      Shared: flag(),
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text(),
    },
    access: (_params, call) => [
      { action: "ssm:DescribeParameters", resource: anyResource(open(call).scope) },
    ],
    run(params, call) {
      const filters = filtersOf(params);
      checkFilters(filters, "DescribeParameters");
      const test = passes(filters);
      // No other account shares parameters with the sandbox's.
      const own = params.Shared === true ? [] : open(call).all();
      const all = own.filter((parameter) => test(parameter, latestOf(parameter)));
      const { items, next } = pageOf(all, params.MaxResults ?? 50, params.NextToken);
      const described = items.map((parameter) => {
        const last = latestOf(parameter);
        return {
          Name: parameter.name,
          ARN: parameter.arn,
          Type: last.type,
          KeyId: last.keyId,
          LastModifiedDate: new Date(last.date),
          LastModifiedUser: last.by,
          Description: last.description,
          AllowedPattern: last.allowedPattern,
          Version: last.version,
          Tier: last.tier,
          Policies: [],
          DataType: last.dataType,
        };
      });
      return { Parameters: described, NextToken: next };
    },
  });
}

function getParameterHistory(open: OpenParameterStore): ServiceAction {
  return action({
    input: {
      Name: required(text({ min: 1, max: 2048 })),
      WithDecryption: flag(),
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text(),
    },
    access: ({ Name }, call) => [readNeed(open(call), "GetParameterHistory", Name)],
    run(params, call) {
      const store = open(call);
      const { parameter, name } = store.read(params.Name);
      // In the order of their versions, which differs from that of texts.
      const all = parameter.versions.map((version) => ({
        name: String(version.version).padStart(12, "0"),
        version,
      }));
      const { items, next } = pageOf(all, params.MaxResults ?? 50, params.NextToken);
      const versions = items.map(({ version }) => ({
        Name: name,
        Type: version.type,
        KeyId: version.keyId,
        LastModifiedDate: new Date(version.date),
        LastModifiedUser: version.by,
        Description: version.description,
        Value: store.value(parameter, version, params.WithDecryption === true),
        AllowedPattern: version.allowedPattern,
        Version: version.version,
        Labels: version.labels,
        Tier: version.tier,
        Policies: [],
        DataType: version.dataType,
      }));
      return { Parameters: versions, NextToken: next };
    },
  });
}

/** The actions that read. */
export function readActions(open: OpenParameterStore): Record<string, ServiceAction> {
  return {
    GetParameter: getParameter(open),
    GetParameters: getParameters(open),
    GetParametersByPath: getParametersByPath(open),
    DescribeParameters: describeParameters(open),
    GetParameterHistory: getParameterHistory(open),
  };
}
