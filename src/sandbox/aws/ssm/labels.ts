import type { Parameter, ParameterVersion } from "../state/records.ts";
import { type ServiceAction, action, type Call, type Need } from "../wire/service.ts";
import { AwsError } from "../wire/error.ts";
import { integer, required, text, texts } from "../wire/input.ts";
import { latestOf, type OpenParameterStore, versionNotFound } from "./parameter-store.ts";

const labelsOfVersion = 10;

const labels = required(texts({ min: 1, max: 100 }, { min: 1, max: labelsOfVersion }));
const name = required(text({ min: 1, max: 2048 }));

/** Systems Manager API Reference, "LabelParameterVersion": the form of a label. */
function isLabel(label: string): boolean {
  return /^[a-z_.-][\w.-]*$/iu.test(label) && !/^(?:aws|ssm)/iu.test(label);
}

function versionOf(parameter: Parameter, wanted: number): ParameterVersion {
  const version = parameter.versions.find((one) => one.version === wanted);
  if (version === undefined) throw versionNotFound(String(wanted), parameter.name);
  return version;
}

function labelled(parameter: Parameter, wanted: number, given: readonly string[]): Parameter {
  const versions = parameter.versions.map((version) => {
    const others = version.labels.filter((label) => !given.includes(label));
    if (version.version !== wanted) return { ...version, labels: others };
    const all = [...new Set([...version.labels, ...given])];
    if (all.length > labelsOfVersion) {
      throw new AwsError(
        "ParameterVersionLabelLimitExceeded",
        `A parameter version can have a maximum of ${labelsOfVersion} labels. Move one or more labels to another version and try again.`,
      );
    }
    return { ...version, labels: all };
  });
  return { ...parameter, versions };
}

function labelNeed(open: OpenParameterStore, call: Call, operation: string, of: string): Need {
  const store = open(call);
  return { action: `ssm:${operation}`, resource: store.arn(of), context: store.tagContext(of) };
}

/** The actions for labels: a label belongs to one version, and assigning it to another moves it. */
export function labelActions(open: OpenParameterStore): Record<string, ServiceAction> {
  return {
    LabelParameterVersion: action({
      input: { Name: name, ParameterVersion: integer(), Labels: labels },
      access: ({ Name }, call) => [labelNeed(open, call, "LabelParameterVersion", Name)],
      run(params, call) {
        const store = open(call);
        const parameter = store.require(params.Name);
        const version = versionOf(parameter, params.ParameterVersion ?? latestOf(parameter).version);
        const good = params.Labels.filter(isLabel);
        store.put(labelled(parameter, version.version, good));
        return {
          InvalidLabels: params.Labels.filter((label) => !isLabel(label)),
          ParameterVersion: version.version,
        };
      },
    }),
    UnlabelParameterVersion: action({
      input: { Name: name, ParameterVersion: required(integer()), Labels: labels },
      access: ({ Name }, call) => [labelNeed(open, call, "UnlabelParameterVersion", Name)],
      run(params, call) {
        const store = open(call);
        const parameter = store.require(params.Name);
        const version = versionOf(parameter, params.ParameterVersion);
        const left = version.labels.filter((label) => !params.Labels.includes(label));
        const versions = parameter.versions.map((one) => (one === version ? { ...one, labels: left } : one));
        store.put({ ...parameter, versions });
        const was = (label: string): boolean => version.labels.includes(label);
        return {
          RemovedLabels: params.Labels.filter(was),
          InvalidLabels: params.Labels.filter((label) => !was(label)),
        };
      },
    }),
  };
}
