import type { JsonRecord } from "../../../core/base/index.ts";
import { skipLabel } from "../annotations.ts";
import {
  openbaoAnnotations,
  openbaoExpiration,
  openbaoPatterns,
  openbaoPlace,
  openbaoVariables,
} from "../openbao.ts";
import { limits, patterns } from "../patterns.ts";
import { fileIn } from "../place.ts";
import { osLabels, windows } from "../pod.ts";
import { choose, enclosed, fits, indented, listIf, literal, record, verbatim } from "./cel.ts";
import type { PolicyMinor } from "./policies.ts";

const name = "podtrust-openbao";
const group = "admissionregistration.k8s.io";
const labels = { "app.kubernetes.io/name": "podtrust", "app.kubernetes.io/component": "injection" };
const { volume, folder, token, ca } = openbaoPlace;

const said = (key: keyof typeof openbaoAnnotations): string =>
  `object.metadata.?annotations[?${literal(openbaoAnnotations[key])}].orValue("")`;

/** Every pod is asked this and no more, unless it fits. */
function asks(): string {
  const isWindows = [
    ...osLabels.map((label) => `object.spec.?nodeSelector[?${literal(label)}].orValue("")`),
    'object.spec.?os.?name.orValue("")',
  ].map((value) => `${value} != ${literal(windows)}`);
  return [fits(said("address"), openbaoPatterns.address), ...isWindows].join("\n  && ");
}

/** An annotation's value where it fits, else another. */
function fitting(key: keyof typeof openbaoPatterns, otherwise: string): string {
  return `${fits(said(key), openbaoPatterns[key])} ? ${said(key)} : ${otherwise}`;
}

const has = (names: readonly string[]): string =>
  `container.?env.orValue([]).exists(variable, variable.name in [${names.map(literal).join(", ")}])`;
const at = `mount.mountPath.matches(${literal(`^${verbatim(folder)}/*$`)})`;
const mounts = "container.?volumeMounts.orValue([])";

/** The containers of a list: where each stands, and what it lacks. */
function look(list: string): string {
  return `object.spec.?${list}.orValue([])\n  .transformList(index, container, ${indented(
    record({
      path: `${literal(`/spec/${list}/`)} + string(index)`,
      hasVariables: "size(container.?env.orValue([])) > 0",
      hasMounts: `size(${mounts}) > 0`,
      takesMount: `!${mounts}.exists(mount, ${at})`,
      isMounted: `${mounts}.exists(mount, ${at} && mount.name == ${literal(volume)})`,
      takesAddress: `!${has(openbaoVariables.address)}`,
      takesCa: `variables.caConfigMap != "" && !${has(openbaoVariables.ca)}`,
      takesToken: `!${has(openbaoVariables.token)}`,
    }),
  )})`;
}

const { minExpiration, maxExpiration } = limits;

const variables: readonly (readonly [name: string, expression: string])[] = [
  ["address", said("address")],
  ["audience", fitting("audience", "variables.address")],
  ["caConfigMap", fitting("ca-config-map", '""')],
  [
    "asked",
    `${fits(said("token-expiration"), patterns.integer)} ? int(${said("token-expiration")}) : ${openbaoExpiration}`,
  ],
  [
    "expiration",
    choose(
      [
        [`variables.asked < ${minExpiration}`, String(minExpiration)],
        [`variables.asked > ${maxExpiration}`, String(maxExpiration)],
      ],
      "variables.asked",
    ),
  ],
  ["containers", `${look("initContainers")}\n+ ${look("containers")}`],
];

const add = (path: string, value: string): string =>
  enclosed("JSONPatch{", ['op: "add"', `path: ${path}`, `value: ${value}`], "}");

const source = "Object.spec.volumes.projected.sources";
const tokenSource = enclosed(
  `${source}{serviceAccountToken: ${source}.serviceAccountToken{`,
  ["audience: variables.audience", "expirationSeconds: variables.expiration", `path: ${literal(token)}`],
  "}}",
);
const item = `${source}.configMap.items{key: ${literal(ca)}, path: ${literal(ca)}}`;
const caSource = enclosed(
  `${source}{configMap: ${source}.configMap{`,
  ["name: variables.caConfigMap", `items: [${item}]`],
  "}}",
);

function addVolume(condition: string, sources: readonly string[]): string {
  const projected = enclosed("Object.spec.volumes.projected{", [enclosed("sources: [", sources, "]")], "}");
  const value = enclosed(
    "Object.spec.volumes{",
    [`name: ${literal(volume)}`, `projected: ${projected}`],
    "}",
  );
  const lacks = `!object.spec.?volumes.orValue([]).exists(volume, volume.name == ${literal(volume)})`;
  return listIf(`${lacks} && ${condition}`, add('"/spec/volumes/0"', value));
}

function ofContainers(): string {
  const path = (list: string): string => `target.path + ${literal(`/${list}`)}`;
  const entries = (names: readonly string[], value: string): readonly string[] =>
    names.map((one) => record({ name: literal(one), value }));
  const hasFiles = "(target.takesMount || target.isMounted)";
  const env = [
    listIf("target.takesAddress", ...entries(openbaoVariables.address, "variables.address")),
    listIf(`target.takesCa && ${hasFiles}`, ...entries(openbaoVariables.ca, literal(fileIn(folder, ca)))),
    listIf(
      `target.takesToken && ${hasFiles}`,
      ...entries(openbaoVariables.token, literal(fileIn(folder, token))),
    ),
  ].join("\n+ ");
  const mount = `Object.spec.containers.volumeMounts{name: ${literal(volume)}, readOnly: true, mountPath: ${literal(folder)}}`;
  const operations = [
    listIf("!target.hasVariables", add(path("env"), "[]")),
    `(${indented(`\n${env}`)}\n).map(entry, ${add(path("env/-"), "entry")})`,
    listIf("!target.hasMounts && target.takesMount", add(path("volumeMounts"), "[]")),
    listIf("target.takesMount", add(path("volumeMounts/-"), mount)),
  ];
  return `variables.containers.map(target,${indented(`\n${operations.join("\n+ ")}`)}\n).flatten()`;
}

function patch(): string {
  return [
    listIf("size(object.spec.?volumes.orValue([])) == 0", add('"/spec/volumes"', "[]")),
    addVolume('variables.caConfigMap == ""', [tokenSource]),
    addVolume('variables.caConfigMap != ""', [tokenSource, caSource]),
    ofContainers(),
  ].join("\n+ ");
}

/**
 * The admission policy by which the API server gives OpenBao's token to pods that ask by annotation: what `injectOpenBao`
 * does. It reads nothing beside the pod, and any other pod costs one comparison.
 */
export function openbaoPolicies(kubernetes: PolicyMinor = "1.36"): readonly JsonRecord[] {
  const apiVersion = `${group}/${kubernetes === "1.35" ? "v1beta1" : "v1"}`;
  const metadata = { name, labels };
  const spec = {
    failurePolicy: "Fail",
    // So that containers which others add get it too.
    reinvocationPolicy: "IfNeeded",
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      objectSelector: { matchExpressions: [{ key: skipLabel, operator: "DoesNotExist" }] },
    },
    matchConditions: [{ name: "asks-for-openbao", expression: asks() }],
    variables: variables.map(([variable, expression]) => ({ name: variable, expression })),
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patch() } }],
  };
  return [
    { apiVersion, kind: "MutatingAdmissionPolicy", metadata, spec },
    { apiVersion, kind: "MutatingAdmissionPolicyBinding", metadata, spec: { policyName: name } },
  ];
}
