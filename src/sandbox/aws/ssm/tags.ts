import type { Parameter } from "../state/records.ts";
import { type ServiceAction, action, type Need } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { required, structures, text, texts } from "../wire/input.ts";
import type { OpenParameterStore, ParameterStore } from "./parameter-store.ts";

const maxTags = 50;

/** A list of tags in SSM's form. */
const tagsInput = structures(
  { Key: required(text({ min: 1, max: 128 })), Value: required(text({ max: 256 })) },
  { max: 1000 },
);

/** Resource types that SSM can tag; the sandbox has only parameters. */
const resourceTypes = [
  "Association",
  "Automation",
  "Document",
  "MaintenanceWindow",
  "ManagedInstance",
  "OpsItem",
  "OpsMetadata",
  "Parameter",
  "PatchBaseline",
];

const named = { ResourceType: required(text()), ResourceId: required(text({ min: 1 })) };

/** Texts of the API Reference, "AddTagsToResource", Errors. */
function tagged(store: ParameterStore, type: string, id: string): Parameter {
  if (!resourceTypes.includes(type)) {
    throw new AwsError(
      "InvalidResourceType",
      "The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be a registered managed node.",
    );
  }
  const parameter = type === "Parameter" ? store.named(id) : undefined;
  if (parameter !== undefined) return parameter;
  throw new AwsError(
    "InvalidResourceId",
    "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
  );
}

function checkCount(tags: Parameter["tags"]): void {
  if (tags.length <= maxTags) return;
  throw new AwsError(
    "TooManyTagsError",
    "The Targets parameter includes too many tags. Remove one or more tags and try the command again.",
  );
}

function need(store: ParameterStore, operation: string, id: string, context: Need["context"] = {}): Need {
  return {
    action: `ssm:${operation}`,
    resource: store.arn(id),
    context: { ...store.tagContext(id), ...context },
  };
}

/** The actions on the tags of parameters. */
export function tagActions(open: OpenParameterStore): Record<string, ServiceAction> {
  return {
    AddTagsToResource: action({
      input: { ...named, Tags: required(tagsInput) },
      access: (params, call) => [
        need(open(call), "AddTagsToResource", params.ResourceId, {
          ...Object.fromEntries(params.Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
          "aws:TagKeys": params.Tags.map(({ Key }) => Key),
        }),
      ],
      run(params, call) {
        const store = open(call);
        const parameter = tagged(store, params.ResourceType, params.ResourceId);
        const given = new Map(params.Tags.map(({ Key, Value }) => [Key, Value]));
        const kept = parameter.tags.filter(({ key }) => !given.has(key));
        const tags = [...kept, ...[...given].map(([key, value]) => ({ key, value }))];
        checkCount(tags);
        store.put({ ...parameter, tags });
        return {};
      },
    }),
    RemoveTagsFromResource: action({
      input: { ...named, TagKeys: required(texts({ min: 1, max: 128 })) },
      access: (params, call) => [
        need(open(call), "RemoveTagsFromResource", params.ResourceId, { "aws:TagKeys": params.TagKeys }),
      ],
      run(params, call) {
        const store = open(call);
        const parameter = tagged(store, params.ResourceType, params.ResourceId);
        store.put({ ...parameter, tags: parameter.tags.filter(({ key }) => !params.TagKeys.includes(key)) });
        return {};
      },
    }),
    ListTagsForResource: action({
      input: named,
      access: (params, call) => [need(open(call), "ListTagsForResource", params.ResourceId)],
      run(params, call) {
        const { tags } = tagged(open(call), params.ResourceType, params.ResourceId);
        return { TagList: tags.map(({ key, value }) => ({ Key: key, Value: value })) };
      },
    }),
  };
}
