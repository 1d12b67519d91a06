import { runInNewContext } from "node:vm";
import { defined } from "../../../core/base/index.ts";
import type { Parameter, ParameterVersion, Tag } from "../state/records.ts";
import { type ServiceAction, action, type Call, type Need } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { flag, required, structures, text, type ValueOf } from "../wire/input.ts";
import { checkName } from "./name.ts";
import { latestOf, type OpenParameterStore, type ParameterStore } from "./parameter-store.ts";

const types = ["SecureString", "StringList", "String"] as const;
const tiers = ["Advanced", "Intelligent-Tiering", "Standard"] as const;
const standardSize = 4096;
const advancedSize = 8192;
const parametersPerRegion = 10_000;
const versionsKept = 100;
/** The one key that the sandbox knows: AWS's own, whose policy admits everyone who may use SSM. */
const defaultKey = "alias/aws/ssm";

const putInput = {
  Name: required(text({ min: 1, max: 2048 })),
  Value: required(text({ min: 1 })),
  Type: text({ oneOf: types }),
  Description: text({ max: 1024 }),
  KeyId: text({ min: 1, max: 256 }),
  Overwrite: flag(),
  AllowedPattern: text({ max: 1024 }),
  Tags: structures(
    { Key: required(text({ min: 1, max: 128 })), Value: required(text({ max: 256 })) },
    { max: 50 },
  ),
  Tier: text({ oneOf: tiers }),
  Policies: text({ min: 1, max: 4096 }),
  DataType: text({ max: 128 }),
};
type Put = ValueOf<typeof putInput>;

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}

/** Data types that AWS validates; the sandbox cannot. */
const otherDataTypes = ["aws:ec2:image", "aws:ssm:integration", "integer"];

function checkDataType(dataType: string): void {
  if (dataType === "text") return;
  throw invalid(
    otherDataTypes.includes(dataType)
      ? `This sandbox does not implement the data type ${dataType}: it does not validate values.`
      : `The following data type is not supported: ${dataType} (Data type names are all lowercase.)`,
  );
}

function checkUnsupported(put: Put): void {
  if (put.Policies !== undefined) throw invalid("This sandbox does not implement parameter policies.");
  checkDataType(put.DataType ?? "text");
  if (put.KeyId !== undefined && put.KeyId !== defaultKey) {
    const text_ = `This sandbox has no KMS: ${put.KeyId} is not ${defaultKey}.`;
    throw new AwsError("InvalidKeyId", text_);
  }
}

/** Systems Manager User Guide, "Parameter Store reference": a value cannot refer to another parameter. */
function checkValue(value: string): void {
  const open = value.indexOf("{{");
  if (open === -1 || !value.includes("}}", open)) return;
  throw invalid('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.');
}

/** Milliseconds: a caller's own pattern may take exponential time, and blocks all other callers. */
const maxMatch = 250;

function checkPattern(pattern: string, value: string): void {
  let fits: boolean;
  try {
    const whole = new RegExp(`^(?:${pattern})$`, "u");
    fits = runInNewContext("whole.test(value)", { whole, value }, { timeout: maxMatch }) === true;
  } catch {
    throw new AwsError(
      "InvalidAllowedPatternException",
      `The request does not meet the regular expression requirement.`,
    );
  }
  if (fits) return;
  throw new AwsError(
    "ParameterPatternMismatchException",
    `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
  );
}

function standardTier(size: number, before: string | undefined): string {
  if (before === "Advanced") {
    throw invalid(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the " +
        "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced " +
        "parameter and recreate it as a standard parameter.",
    );
  }
  if (size <= standardSize) return "Standard";
  throw invalid(
    `Standard tier parameters support a maximum parameter value of ${standardSize} characters. To create a ` +
      "larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see " +
      "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
  );
}

/** The resulting tier of a value; refuses one that is too large for the requested tier. */
function tierOf(put: Put, before: string | undefined): string {
  const size = Buffer.byteLength(put.Value);
  const asked = put.Tier ?? before ?? "Standard";
  const small = size <= standardSize && before !== "Advanced";
  if (asked === "Standard" || (asked === "Intelligent-Tiering" && small)) return standardTier(size, before);
  if (size <= advancedSize) return "Advanced";
  throw invalid(`Advanced tier parameters support a maximum parameter value of ${advancedSize} characters.`);
}

function typeOf(put: Put, before: ParameterVersion | undefined): ParameterVersion["type"] {
  const type = (put.Type as ParameterVersion["type"] | undefined) ?? before?.type;
  if (type === undefined) throw invalid("A parameter type is required when you create a parameter.");
  return type;
}

function checkOverwrite(store: ParameterStore, put: Put, before: Parameter | undefined): void {
  if (put.Overwrite === true && put.Tags !== undefined && put.Tags.length > 0) {
    throw invalid(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove " +
        "overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or " +
        "RemoveTagsFromResource.",
    );
  }
  if (before !== undefined && put.Overwrite !== true) {
    throw new AwsError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  }
  if (before === undefined && store.all().length >= parametersPerRegion) {
    throw new AwsError(
      "ParameterLimitExceeded",
      `The limit of ${parametersPerRegion} parameters is reached.`,
    );
  }
}

function tagsOf(put: Put): readonly Tag[] {
  return (put.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
}

function withOptional(
  put: Put,
  before: ParameterVersion | undefined,
  secure: boolean,
): Partial<ParameterVersion> {
  const description = put.Description ?? before?.description;
  const allowedPattern = put.AllowedPattern ?? before?.allowedPattern;
  return {
    ...defined({ description, allowedPattern }),
    ...(secure ? { keyId: defaultKey } : {}),
  };
}

/** The version that a request writes after the last one. */
function versionOf(
  put: Put,
  type: ParameterVersion["type"],
  last: ParameterVersion | undefined,
  call: Call,
): ParameterVersion {
  const tier = tierOf(put, last?.tier);
  const rest = withOptional(put, last, type === "SecureString");
  if (rest.allowedPattern !== undefined) checkPattern(rest.allowedPattern, put.Value);
  return {
    version: (last?.version ?? 0) + 1,
    value: put.Value,
    type,
    tier,
    dataType: "text",
    ...rest,
    date: call.now,
    by: call.caller?.arn ?? "",
    labels: [],
  };
}

/** The versions plus a new one; the oldest is deleted if there are too many, unless it has a label. */
function withVersion(
  name: string,
  before: readonly ParameterVersion[],
  written: ParameterVersion,
): readonly ParameterVersion[] {
  const [oldest] = before;
  if (oldest === undefined || before.length < versionsKept) return [...before, written];
  if (oldest.labels.length > 0) {
    throw new AwsError(
      "ParameterMaxVersionLimitExceeded",
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    );
  }
  return [...before.slice(1), written];
}

function putNeeds(store: ParameterStore, put: Put): readonly Need[] {
  const resource = store.arn(put.Name);
  const tags = tagsOf(put);
  const asked = Object.fromEntries(tags.map(({ key, value }) => [`aws:RequestTag/${key}`, value]));
  const tagContext = tags.length === 0 ? {} : { ...asked, "aws:TagKeys": tags.map(({ key }) => key) };
  const context = {
    ...store.tagContext(put.Name),
    ...tagContext,
    "ssm:Overwrite": String(put.Overwrite === true),
  };
  const needs = [{ action: "ssm:PutParameter", resource, context }];
  return tags.length === 0 ? needs : [...needs, { action: "ssm:AddTagsToResource", resource, context }];
}

/**
 * PutParameter: the first version of a parameter, or a new one. A version inherits what the request does not change;
 * its type may differ (terraform-provider-aws changes it in place, against AWS).
 */
export function putParameter(open: OpenParameterStore): ServiceAction {
  return action({
    input: putInput,
    access: (put, call) => putNeeds(open(call), put),
    run(put, call) {
      const store = open(call);
      checkName(put.Name);
      checkUnsupported(put);
      checkValue(put.Value);
      const before = store.get(put.Name);
      const last = before === undefined ? undefined : latestOf(before);
      const type = typeOf(put, last);
      checkOverwrite(store, put, before);
      const written = versionOf(put, type, last, call);
      store.put({
        name: before?.name ?? put.Name,
        arn: store.arn(put.Name),
        versions: withVersion(put.Name, before?.versions ?? [], written),
        tags: before?.tags ?? tagsOf(put),
      });
      return { Version: written.version, Tier: written.tier };
    },
  });
}
