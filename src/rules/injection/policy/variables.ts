import { namespaceAnnotations, podAnnotations } from "../annotations.ts";
import { configFile, configTokenFile, defaultProfile, sourceProfile } from "../config-file.ts";
import { limits, patterns, podSessionName, shortNamePrefix, trueTexts } from "../patterns.ts";
import { configFileName, configVolumeName, tokenFileName, tokenVolumeName } from "../mount-paths.ts";
import { osLabels, windows, windowsPath } from "../pod.ts";
import { podNameField, variableNames } from "../variables.ts";
import { configExpression } from "./config-expression.ts";
import { choose, fits, literal, literals, type PolicyVariable, record } from "./cel.ts";
import {
  containersExpression,
  doneExpression,
  injectedExpression,
  meantExpression,
  targetsExpression,
} from "./containers.ts";
import type { NamedRoles } from "./config-map.ts";
import type { Parameters } from "./parameters.ts";

const variable = (name: string, expression: string, comment?: string): PolicyVariable =>
  comment === undefined ? { name, expression } : { name, comment, expression };
const annotation = (of: string, key: string): string => `${of}.metadata.?annotations[?${literal(key)}]`;

/** A value that fits, of the ServiceAccount, else of the namespace; else nothing. */
function nearest(
  parameters: Parameters,
  name: "region" | "session-name",
  pattern: RegExp,
): readonly PolicyVariable[] {
  const camel = name === "region" ? "Region" : "Session";
  const asked = `${parameters.attribute(name)}.or(${annotation("namespaceObject", namespaceAnnotations[name])})`;
  return [
    variable(
      `asked${camel}`,
      `${asked}.orValue("")`,
      "The ServiceAccount's own annotation wins over the namespace's.",
    ),
    variable(
      camel.toLowerCase(),
      `${fits(`variables.asked${camel}`, pattern)} ? variables.asked${camel} : ""`,
    ),
  ];
}

/** A file's path as the pod's programs open it. */
function systemPath(path: string): string {
  return `variables.windows ? ${literal(windowsPath(path))} : ${literal(path)}`;
}

function expiration(parameters: Parameters): readonly PolicyVariable[] {
  const { defaultExpiration, minExpiration, maxExpiration } = limits;
  return [
    variable("podExpiration", `${annotation("object", podAnnotations["token-expiration"])}.orValue("")`),
    variable("accountExpiration", `${parameters.attribute("token-expiration")}.orValue("")`),
    variable(
      "askedExpiration",
      choose(
        [
          [fits("variables.podExpiration", patterns.integer), "int(variables.podExpiration)"],
          [fits("variables.accountExpiration", patterns.integer), "int(variables.accountExpiration)"],
        ],
        String(defaultExpiration),
      ),
      "Seconds that a token is good for: the pod's annotation wins over the ServiceAccount's.",
    ),
    variable(
      "expiration",
      choose(
        [
          [`variables.askedExpiration < ${minExpiration}`, String(minExpiration)],
          [`variables.askedExpiration > ${maxExpiration}`, String(maxExpiration)],
        ],
        "variables.askedExpiration",
      ),
      "The same within what the API server takes.",
    ),
  ];
}

function session(parameters: Parameters): readonly PolicyVariable[] {
  const { minSessionName, maxSessionName } = limits;
  const entry = (value: string): string => `[${record({ name: literal(variableNames.session), value })}]`;
  const byField = record({
    name: literal(variableNames.session),
    valueFrom: `{"fieldRef": {"fieldPath": ${literal(podNameField)}}}`,
  });
  return [
    ...nearest(parameters, "session-name", patterns.sessionName),
    variable("podName", 'object.metadata.?name.orValue("")'),
    variable(
      "sessionEntry",
      choose(
        [
          [`variables.session == ""`, "[]"],
          [`variables.session != ${literal(podSessionName)}`, entry("variables.session")],
          [
            `size(variables.podName) > ${maxSessionName}`,
            entry(`variables.podName.substring(0, ${maxSessionName})`),
          ],
          [
            `variables.podName != "" && size(variables.podName) < ${minSessionName}`,
            entry(`${literal(shortNamePrefix)} + variables.podName`),
          ],
        ],
        `[${byField}]`,
      ),
      `The variable ${variableNames.session}, in a list of one or none; "${podSessionName}" stands for the pod's own name.`,
    ),
  ];
}

function files(parameters: Parameters): readonly PolicyVariable[] {
  return [
    variable("fsGroup", `${parameters.attribute("fs-group")}.orValue("")`),
    variable("tokenMode", `${parameters.attribute("token-mode")}.orValue("")`),
    variable(
      "mode",
      fits("variables.tokenMode", patterns.tokenMode) +
        "\n  ? [int(variables.tokenMode.substring(size(variables.tokenMode) - 3)) / 100 * 64" +
        "\n     + int(variables.tokenMode.substring(size(variables.tokenMode) - 2)) / 10 * 8" +
        "\n     + int(variables.tokenMode.substring(size(variables.tokenMode) - 1))]" +
        "\n  : []",
      "The mode of the token's file, from three octal digits, in a list of one or none.",
    ),
  ];
}

function profiles(parameters: Parameters): readonly PolicyVariable[] {
  const { names, count, unfit } = parameters;
  const takenNames = {
    profile: literals([defaultProfile, sourceProfile]),
    chain: `([${literal(sourceProfile)}] + variables.profileNames)`,
  };
  const rolePatterns = { profile: patterns.roleArn, chain: patterns.chainedRole };
  /** The names of a kind: those that are taken, those without a role, and the rest. */
  const judged = (kind: NamedRoles, what: string): readonly PolicyVariable[] => [
    variable(
      `${kind}Taken`,
      `variables.${kind}Names.filter(name, name in ${takenNames[kind]}).sort()`,
      `Of ${what} those whose name another has.`,
    ),
    variable(
      `${kind}Wrong`,
      `variables.hasTooMany ? [] : ${unfit(kind, rolePatterns[kind])}\n  .filter(name, !(name in variables.${kind}Taken)).sort()`,
      `Of ${what} those whose value is no role.`,
    ),
    variable(
      `${kind}Good`,
      `variables.${kind}Names.filter(name, !(name in variables.${kind}Taken + variables.${kind}Wrong)).sort()`,
      `Of ${what} those that the config file has.`,
    ),
  ];
  const items = "source.?downwardAPI.?items.orValue([])";
  const isConfig = `volume.?projected.?sources.orValue([]).exists(source, ${items}.exists(item, item.path == ${literal(configFileName)}))`;
  return [
    variable("isRole", fits("variables.role", patterns.roleArn)),
    // Counted before any is judged: a regular expression for each of a thousand would cost too much.
    variable(
      "allProfiles",
      names("profile"),
      "Profiles are further roles, each with a name; few ask for some.",
    ),
    variable(
      "allChains",
      names("chain"),
      "Chains are roles that are assumed with the first one's credentials.",
    ),
    variable("profileCount", `${count("profile")} + ${count("chain")}`),
    variable("hasTooMany", `variables.profileCount > ${limits.maxProfiles}`),
    variable("profileNames", "variables.hasTooMany ? [] : variables.allProfiles"),
    variable("chainNames", "variables.hasTooMany ? [] : variables.allChains"),
    ...judged("profile", "the profiles"),
    ...judged("chain", "the chains"),
    variable(
      "hasProfiles",
      // Asked for one after the other: most pods are done with the first.
      "variables.profileCount > 0 && variables.isRole && size(variables.profileGood) + size(variables.chainGood) > 0",
    ),
    variable(
      "givesConfig",
      `variables.hasProfiles && !object.spec.?volumes.orValue([])\n  .exists(volume, volume.name == ${literal(configVolumeName)} && !(${isConfig}))`,
      "Whether there is a config file: not if a volume of the pod's own, without the file, has the name of ours.",
    ),
    variable("chainsDefault", `variables.hasProfiles && ${literal(defaultProfile)} in variables.chainGood`),
    variable("configFile", systemPath(configFile)),
    variable("configToken", systemPath(configTokenFile)),
    variable("config", configExpression(parameters), "The text of the AWS config file."),
  ];
}

function skipping(): readonly PolicyVariable[] {
  const list = annotation("object", podAnnotations["skip-containers"]);
  return [
    variable("skipList", `${list}.orValue("")`),
    variable("isLongSkipList", `size(variables.skipList) > ${limits.maxSkipList}`),
    variable(
      "skipped",
      `!variables.isLongSkipList && ${fits("variables.skipList", patterns.csv)}` +
        `\n  ? variables.skipList.find(${literal(patterns.csvRecord.source)})` +
        `\n  .findAll(${literal(patterns.csvField.source)})` +
        `\n  .map(field, field.startsWith("\\"") ? field.substring(1, size(field) - 1).replace("\\"\\"", "\\"") : field)` +
        "\n  : []",
      "The names of containers that are left alone: a line of CSV, as Go reads one.",
    ),
  ];
}

/** The file name of the token in the volume that is there already, else the default. */
function tokenName(): PolicyVariable {
  const sources = `volume.?projected.?sources.orValue([]).filter(source, has(source.serviceAccountToken))`;
  const paths =
    `object.spec.?volumes.orValue([]).filter(volume, volume.name == ${literal(tokenVolumeName)})` +
    `\n  .map(volume, ${sources}.map(source, source.serviceAccountToken.path)).flatten()`;
  return variable(
    "tokenNames",
    `${paths}\n+ [${literal(tokenFileName)}]`,
    "The name of the token's file: that of a volume which is there already, else the default.",
  );
}

/**
 * The variables of all policies: what the ServiceAccount asks for, as `askedAccess` reads it, and the containers that
 * get it, as `injectRole` sees them.
 */
export function policyVariables(parameters: Parameters): readonly PolicyVariable[] {
  const isWindows = [
    ...osLabels.map((label) => `object.spec.?nodeSelector[?${literal(label)}].orValue("")`),
    'object.spec.?os.?name.orValue("")',
  ].map((value) => `${value} == ${literal(windows)}`);
  return [
    ...parameters.variables,
    variable("role", `${parameters.attribute("role-arn")}.orValue("")`),
    variable(
      "isInjected",
      injectedExpression(),
      "Whether each container has the role already, and the pod the token.",
    ),
    variable("askedAudience", `${parameters.attribute("audience")}.orValue("")`),
    variable(
      "audience",
      `variables.askedAudience == "" ? ${literal(limits.defaultAudience)} : variables.askedAudience`,
    ),
    variable("askedRegional", `${parameters.attribute("sts-regional-endpoints")}.orValue("")`),
    variable("regional", `variables.askedRegional in ${literals(trueTexts)}`),
    ...expiration(parameters),
    ...nearest(parameters, "region", patterns.region),
    ...session(parameters),
    ...files(parameters),
    variable("windows", isWindows.join("\n  || ")),
    ...profiles(parameters),
    ...skipping(),
    tokenName(),
    variable(
      "isDone",
      doneExpression(),
      "Whether nothing is left to do, as when the API server asks again after it has changed the pod.",
    ),
    variable(
      "containers",
      containersExpression(),
      "All containers: where each stands, and of its variables and mounts those that matter here.",
    ),
    variable(
      "meant",
      meantExpression(),
      "The containers that are not to be skipped, each with what it has of a role.",
    ),
    variable("targets", targetsExpression(), "What each of these containers is to get."),
  ];
}
