import { configAnnotation } from "../annotations.ts";
import {
  configFileName,
  configMountPath,
  configVolumeName,
  tokenFileName,
  tokenVolumeName,
} from "../place.ts";
import { patterns } from "../patterns.ts";
import { windowsDrive } from "../pod.ts";
import { variableGroupNames } from "../variables.ts";
import { fits, literal, record } from "./cel.ts";

/*
 * A value of a patch is never a list of objects: `[Object.…{}]` there panics the request on Kubernetes 1.35 and 1.36, so
 * that lists are made empty and filled one by one. ApplyConfiguration cannot add a volume to a list that has some.
 */

const add = (path: string, value: string): string => `JSONPatch{op: "add", path: ${path}, value: ${value}}`;
const when = (condition: string, ...operations: readonly string[]): string =>
  `(${condition} ? [${operations.join(", ")}] : [])`;

const volumes = "object.spec.?volumes.orValue([])";
const lacksVolume = (name: string): string => `!${volumes}.exists(volume, volume.name == ${literal(name)})`;
const takesConfig = "variables.targets.exists(target, target.takesConfig)";

const source = "Object.spec.volumes.projected.sources";

/** A projected volume, with the mode where one is asked for. */
function projected(name: string, sources: readonly string[]): string {
  const volume = (mode: string): string =>
    `Object.spec.volumes{name: ${literal(name)}, projected: Object.spec.volumes.projected{sources: [${sources.join(", ")}]${mode}}}`;
  return `size(variables.mode) == 0 ? ${volume("")} : ${volume(", defaultMode: variables.mode[0]")}`;
}

const token =
  `${source}{serviceAccountToken: ${source}.serviceAccountToken{` +
  `audience: variables.audience, expirationSeconds: variables.expiration, path: ${literal(tokenFileName)}}}`;

const configItem =
  `${source}{downwardAPI: ${source}.downwardAPI{items: [${source}.downwardAPI.items{path: ${literal(configFileName)}, ` +
  `fieldRef: ${source}.downwardAPI.items.fieldRef{fieldPath: ${literal(`metadata.annotations['${configAnnotation}']`)}}}]}}`;

function ofVolumes(): readonly string[] {
  return [
    when(`size(${volumes}) == 0`, add('"/spec/volumes"', "[]")),
    when(
      `${takesConfig} && ${lacksVolume(configVolumeName)}`,
      add('"/spec/volumes/0"', projected(configVolumeName, [token, configItem])),
    ),
    when(lacksVolume(tokenVolumeName), add('"/spec/volumes/0"', projected(tokenVolumeName, [token]))),
  ];
}

function ofConfig(): readonly string[] {
  const path = `/metadata/annotations/${configAnnotation.replace("/", "~1")}`;
  const isAbsent = `!object.metadata.?annotations[?${literal(configAnnotation)}].hasValue()`;
  const whole = `{${literal(configAnnotation)}: variables.config}`;
  return [
    when(`${takesConfig} && !has(object.metadata.annotations)`, add('"/metadata/annotations"', whole)),
    when(
      `${takesConfig} && has(object.metadata.annotations) && ${isAbsent}`,
      add(literal(path), "variables.config"),
    ),
  ];
}

function ofGroup(): readonly string[] {
  const wanted = `${fits("variables.fsGroup", patterns.fsGroup)} && !variables.windows`;
  return [
    when(`${wanted} && !has(object.spec.securityContext)`, add('"/spec/securityContext"', "{}")),
    when(
      `${wanted} && !object.spec.?securityContext.?fsGroup.hasValue()`,
      add('"/spec/securityContext/fsGroup"', "int(variables.fsGroup)"),
    ),
  ];
}

/** The token's file in a container. */
const tokenFile =
  `(variables.windows ? ${literal(windowsDrive)} + (target.folders[0] + (target.folders[0].endsWith("/") ? "" : "/") + variables.tokenNames[0]).replace("/", "\\\\")` +
  ` : target.folders[0] + (target.folders[0].endsWith("/") ? "" : "/") + variables.tokenNames[0])`;

/** The variables that a container lacks, in the order of `variableGroups`. */
function entries(): string {
  const entry = (name: string, value: string): string => record({ name: literal(name), value });
  const [sts] = variableGroupNames.sts;
  const [defaultRegion, region] = variableGroupNames.region;
  const [role, file] = variableGroupNames.role;
  const [config] = variableGroupNames.config;
  return [
    when("target.takesSts", entry(sts, literal("regional"))),
    when("target.takesRegion", entry(defaultRegion, "variables.region"), entry(region, "variables.region")),
    when("target.takesRole", entry(role, "variables.role"), entry(file, tokenFile)),
    "(target.takesSession ? variables.sessionEntry : [])",
    when("target.takesConfig", entry(config, "variables.configFile")),
  ].join(" + ");
}

function mount(name: string, path: string): string {
  return `Object.spec.containers.volumeMounts{name: ${literal(name)}, readOnly: true, mountPath: ${path}}`;
}

function ofContainers(): string {
  const at = (list: string): string => `target.path + ${literal(`/${list}`)}`;
  const operations = [
    when("!target.hasVariables", add(at("env"), "[]")),
    `(${entries()}).map(entry, ${add(at("env/-"), "entry")})`,
    when("!target.hasMounts && (target.takesMount || target.takesConfig)", add(at("volumeMounts"), "[]")),
    when("target.takesMount", add(at("volumeMounts/-"), mount(tokenVolumeName, "target.folders[0]"))),
    when("target.takesConfig", add(at("volumeMounts/-"), mount(configVolumeName, literal(configMountPath)))),
  ];
  return `variables.targets.map(target, ${operations.join(" + ")}).flatten()`;
}

/** What `injectRole` does, as the operations of a JSON patch. */
export function patchExpression(): string {
  return [...ofConfig(), ...ofGroup(), ...ofVolumes(), ofContainers()].join("\n+ ");
}
