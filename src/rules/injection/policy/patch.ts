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
import { enclosed, fits, indented, listIf, literal, record } from "./cel.ts";

/*
 * A value of a patch is never a list of objects: `[Object.…{}]` there panics the request on Kubernetes 1.35 and 1.36, so
 * that lists are made empty and filled one by one. ApplyConfiguration cannot add a volume to a list that has some.
 */

const add = (path: string, value: string): string =>
  enclosed("JSONPatch{", ['op: "add"', `path: ${path}`, `value: ${value}`], "}");

const volumes = "object.spec.?volumes.orValue([])";
const lacksVolume = (name: string): string => `!${volumes}.exists(volume, volume.name == ${literal(name)})`;
const takesConfig = "variables.targets.exists(target, target.takesConfig)";

const source = "Object.spec.volumes.projected.sources";

/** A projected volume, with the mode where one is asked for. */
function projected(name: string, sources: readonly string[]): string {
  const list = `sources: ${enclosed("[", sources, "]")}`;
  const inside = enclosed("Object.spec.volumes.projected{", [list, "?defaultMode: variables.mode[?0]"], "}");
  return enclosed("Object.spec.volumes{", [`name: ${literal(name)}`, `projected: ${inside}`], "}");
}

const token = enclosed(
  `${source}{serviceAccountToken: ${source}.serviceAccountToken{`,
  [
    "audience: variables.audience",
    "expirationSeconds: variables.expiration",
    `path: ${literal(tokenFileName)}`,
  ],
  "}}",
);

const field = `${source}.downwardAPI.items.fieldRef{fieldPath: ${literal(`metadata.annotations['${configAnnotation}']`)}}`;
const configItem = enclosed(
  `${source}{downwardAPI: ${source}.downwardAPI{items: [${source}.downwardAPI.items{`,
  [`path: ${literal(configFileName)}`, `fieldRef: ${field}`],
  "}]}}",
);

function ofVolumes(): readonly string[] {
  return [
    listIf(`size(${volumes}) == 0`, add('"/spec/volumes"', "[]")),
    listIf(
      `${takesConfig} && ${lacksVolume(configVolumeName)}`,
      add('"/spec/volumes/0"', projected(configVolumeName, [token, configItem])),
    ),
    listIf(lacksVolume(tokenVolumeName), add('"/spec/volumes/0"', projected(tokenVolumeName, [token]))),
  ];
}

function ofConfig(): readonly string[] {
  const path = `/metadata/annotations/${configAnnotation.replace("/", "~1")}`;
  const isAbsent = `!object.metadata.?annotations[?${literal(configAnnotation)}].hasValue()`;
  const whole = `{${literal(configAnnotation)}: variables.config}`;
  return [
    listIf(`${takesConfig} && !has(object.metadata.annotations)`, add('"/metadata/annotations"', whole)),
    listIf(
      `${takesConfig} && has(object.metadata.annotations) && ${isAbsent}`,
      add(literal(path), "variables.config"),
    ),
  ];
}

function ofGroup(): readonly string[] {
  const wanted = `${fits("variables.fsGroup", patterns.fsGroup)} && !variables.windows`;
  return [
    listIf(`${wanted} && !has(object.spec.securityContext)`, add('"/spec/securityContext"', "{}")),
    listIf(
      `${wanted} && !object.spec.?securityContext.?fsGroup.hasValue()`,
      add('"/spec/securityContext/fsGroup"', "int(variables.fsGroup)"),
    ),
  ];
}

const tokenPath =
  'target.folders[0] + (target.folders[0].endsWith("/") ? "" : "/") + variables.tokenNames[0]';

/** The token's file in a container. */
const tokenFile =
  "variables.windows" +
  `\n  ? ${literal(windowsDrive)} + (${tokenPath}).replace("/", "\\\\")` +
  `\n  : ${tokenPath}`;

/** The variables that a container lacks, in the order of `variableGroups`. */
function entries(): string {
  const entry = (name: string, value: string): string => record({ name: literal(name), value });
  const [sts] = variableGroupNames.sts;
  const [defaultRegion, region] = variableGroupNames.region;
  const [role, file] = variableGroupNames.role;
  const [config] = variableGroupNames.config;
  return [
    listIf("target.takesSts", entry(sts, literal("regional"))),
    listIf("target.takesRegion", entry(defaultRegion, "variables.region"), entry(region, "variables.region")),
    listIf("target.takesRole", entry(role, "variables.role"), entry(file, tokenFile)),
    "(target.takesSession ? variables.sessionEntry : [])",
    listIf("target.takesConfig", entry(config, "variables.configFile")),
  ].join("\n+ ");
}

function mount(name: string, path: string): string {
  return `Object.spec.containers.volumeMounts{name: ${literal(name)}, readOnly: true, mountPath: ${path}}`;
}

function ofContainers(): string {
  const at = (list: string): string => `target.path + ${literal(`/${list}`)}`;
  const operations = [
    listIf("!target.hasVariables", add(at("env"), "[]")),
    `(${indented(`\n${entries()}`)}\n).map(entry, ${add(at("env/-"), "entry")})`,
    listIf("!target.hasMounts && (target.takesMount || target.takesConfig)", add(at("volumeMounts"), "[]")),
    listIf("target.takesMount", add(at("volumeMounts/-"), mount(tokenVolumeName, "target.folders[0]"))),
    listIf(
      "target.takesConfig",
      add(at("volumeMounts/-"), mount(configVolumeName, literal(configMountPath))),
    ),
  ];
  return `variables.targets.map(target,${indented(`\n${operations.join("\n+ ")}`)}\n).flatten()`;
}

/** Operations, each with a word on what they do, which CEL reads over. */
const parts: readonly (readonly [comment: string, operations: readonly string[]])[] = [
  ["The text of the config file, of which the downward API makes a file.", ofConfig()],
  ["The group of the token's file.", ofGroup()],
  ["The volumes.", ofVolumes()],
  ["In each container the variables and the mounts.", [ofContainers()]],
];

/** What `injectRole` does, as the operations of a JSON patch. */
export function patchExpression(): string {
  const lines = parts.flatMap(([comment, [first = "[]", ...more]], index) => [
    `// ${comment}`,
    `${index === 0 ? "" : "+ "}${first}`,
    ...more.map((operation) => `+ ${operation}`),
  ]);
  return `variables.isDone ? [] : (${indented(["", ...lines].join("\n"))}\n)`;
}
