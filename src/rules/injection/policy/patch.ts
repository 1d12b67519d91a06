import { configAnnotation } from "../annotations.ts";
import {
  configFileName,
  configMountPath,
  configVolumeName,
  tokenFileName,
  tokenVolumeName,
} from "../mount-paths.ts";
import { patterns } from "../patterns.ts";
import { windowsDrive } from "../pod.ts";
import { variableGroupNames } from "../variables.ts";
import { fits, indented, listIf, literal, record } from "./cel.ts";
import {
  add,
  annotationOperations,
  annotationSource,
  lacksVolume,
  mountOf,
  nothingToDo,
  projectedVolume,
  tokenSource,
  volumeList,
} from "./operations.ts";

const takesConfig = "variables.targets.exists(target, target.takesConfig)";

/** A projected volume, with the mode where one is asked for. */
const projected = (name: string, sources: readonly string[]): string =>
  projectedVolume(name, sources, "?defaultMode: variables.mode[?0]");

const token = tokenSource(tokenFileName);
const configItem = annotationSource(configAnnotation, configFileName);

function ofVolumes(): readonly string[] {
  return [
    volumeList,
    listIf(
      `${takesConfig} && ${lacksVolume(configVolumeName)}`,
      add('"/spec/volumes/0"', projected(configVolumeName, [token, configItem])),
    ),
    listIf(lacksVolume(tokenVolumeName), add('"/spec/volumes/0"', projected(tokenVolumeName, [token]))),
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

function ofContainers(): string {
  const at = (list: string): string => `target.path + ${literal(`/${list}`)}`;
  const operations = [
    listIf("!target.hasVariables", add(at("env"), "[]")),
    `(${indented(`\n${entries()}`)}\n).map(entry, ${add(at("env/-"), "entry")})`,
    listIf("!target.hasMounts && (target.takesMount || target.takesConfig)", add(at("volumeMounts"), "[]")),
    listIf("target.takesMount", add(at("volumeMounts/-"), mountOf(tokenVolumeName, "target.folders[0]"))),
    listIf(
      "target.takesConfig",
      add(at("volumeMounts/-"), mountOf(configVolumeName, literal(configMountPath))),
    ),
  ];
  return `variables.targets.map(target,${indented(`\n${operations.join("\n+ ")}`)}\n).flatten()`;
}

/** Operations, each with a word on what they do, which CEL reads over. */
const parts: readonly (readonly [comment: string, operations: readonly string[]])[] = [
  [
    "The text of the config file, of which the downward API makes a file.",
    annotationOperations(configAnnotation, "variables.config", takesConfig),
  ],
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
  return `variables.role == "" || variables.isDone ? ${nothingToDo} : (${indented(["", ...lines].join("\n"))}\n)`;
}
