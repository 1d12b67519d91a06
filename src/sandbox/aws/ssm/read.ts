import {
  type Action,
  action,
  type Call,
  flag,
  integer,
  type Need,
  required,
  text,
  texts,
} from "../wire/index.ts";
import { filterInput, passes } from "./filter.ts";
import { anyResource, checkPath, isBelow } from "./name.ts";
import { pageOf } from "./page.ts";
import type { Shelf } from "./shelf.ts";

type OpenShelf = (call: Call) => Shelf;

function readNeed(shelf: Shelf, operation: string, text_: string): Need {
  const { name } = shelf.reference(text_);
  return { action: `ssm:${operation}`, resource: shelf.arn(name), context: shelf.tagContext(name) };
}

function getParameter(open: OpenShelf): Action {
  return action({
    input: { Name: required(text({ min: 1, max: 2048 })), WithDecryption: flag() },
    access: ({ Name }, call) => [readNeed(open(call), "GetParameter", Name)],
    run({ Name, WithDecryption }, call) {
      const shelf = open(call);
      return { Parameter: shelf.shape(shelf.require(Name), WithDecryption === true) };
    },
  });
}

function getParameters(open: OpenShelf): Action {
  return action({
    input: { Names: required(texts({ min: 1, max: 2048 }, { min: 1, max: 10 })), WithDecryption: flag() },
    access: ({ Names }, call) => Names.map((name) => readNeed(open(call), "GetParameters", name)),
    run({ Names, WithDecryption }, call) {
      const shelf = open(call);
      const looked = [...new Set(Names)].map((name) => ({ name, found: shelf.find(shelf.reference(name)) }));
      return {
        Parameters: looked.flatMap(({ found }) =>
          found === undefined ? [] : [shelf.shape(found, WithDecryption === true)],
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
function getParametersByPath(open: OpenShelf): Action {
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
      checkPath(params.Path);
      const shelf = open(call);
      const below = shelf
        .all()
        .filter(({ name }) => isBelow(params.Path, name, params.Recursive === true))
        .filter(passes(params.ParameterFilters ?? []));
      const { items, next } = pageOf(below, params.MaxResults ?? 10, params.NextToken);
      const found = items.flatMap(({ name }) => shelf.find({ name, selector: undefined }) ?? []);
      return {
        Parameters: found.map((one) => shelf.shape(one, params.WithDecryption === true)),
        NextToken: next,
      };
    },
  });
}

function describeParameters(open: OpenShelf): Action {
  return action({
    input: {
      ParameterFilters: filterInput,
      MaxResults: integer({ min: 1, max: 50 }),
      NextToken: text(),
    },
    access: (_params, call) => [
      { action: "ssm:DescribeParameters", resource: anyResource(open(call).place) },
    ],
    run(params, call) {
      const all = open(call)
        .all()
        .filter(passes(params.ParameterFilters ?? []));
      const { items, next } = pageOf(all, params.MaxResults ?? 50, params.NextToken);
      const described = items.map((parameter) => {
        const last = parameter.versions.at(-1);
        return {
          Name: parameter.name,
          ARN: parameter.arn,
          Type: parameter.type,
          KeyId: parameter.keyId,
          LastModifiedDate: last === undefined ? undefined : new Date(last.date),
          LastModifiedUser: last?.by,
          Description: parameter.description,
          AllowedPattern: parameter.allowedPattern,
          Version: last?.version,
          Tier: parameter.tier,
          Policies: [],
          DataType: parameter.dataType,
        };
      });
      return { Parameters: described, NextToken: next };
    },
  });
}

/** The actions that read. */
export function readActions(open: OpenShelf): Record<string, Action> {
  return {
    GetParameter: getParameter(open),
    GetParameters: getParameters(open),
    GetParametersByPath: getParametersByPath(open),
    DescribeParameters: describeParameters(open),
  };
}
