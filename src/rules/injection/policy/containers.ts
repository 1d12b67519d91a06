import { configMountPath, mountPaths, tokenVolumeName } from "../mount-paths.ts";
import { variableGroupNames, variableNames } from "../variables.ts";
import { indented, literal, literals, record, verbatim } from "./cel.ts";

/** What the names of all variables, and the paths of all mounts, begin with that injection looks at. */
const prefixes = { variables: "AWS_", mounts: "/var/run/secrets/" } as const;

const env = "container.?env.orValue([])";
const mounts = "container.?volumeMounts.orValue([])";

/**
 * All containers: where each stands, and of its variables and mounts those that matter. A pod may have thousands of them,
 * and each pass over a list costs: this is the only one.
 */
export function containersExpression(): string {
  const look = (list: string): string =>
    `object.spec.?${list}.orValue([])\n  .transformList(index, container, ${indented(
      record({
        name: "container.name",
        path: `${literal(`/spec/${list}/`)} + string(index)`,
        hasVariables: `size(${env}) > 0`,
        hasMounts: `size(${mounts}) > 0`,
        env: `${env}.filter(variable, variable.name.startsWith(${literal(prefixes.variables)}))`,
        mounts: `${mounts}.filter(mount, mount.name == ${literal(tokenVolumeName)} || mount.mountPath.startsWith(${literal(prefixes.mounts)}))`,
      }),
    )})`;
  return `${look("initContainers")}\n+ ${look("containers")}`;
}

/** Whether a mount stands at a path, with or without slashes at its end. */
function isAt(path: string): string {
  return `container.mounts.exists(mount, mount.mountPath.matches(${literal(`^${verbatim(path)}/*$`)}))`;
}

/** Whether a mount shows all of the token's volume. */
const isToken = `mount.name == ${literal(tokenVolumeName)} && mount.?subPath.orValue("") + mount.?subPathExpr.orValue("") == ""`;

/** The folders that the token could have in a container: where its volume is mounted already, then those that are free. */
function foldersExpression(): string {
  const mounted = `container.mounts.filter(mount, ${isToken}).map(mount, mount.mountPath)`;
  const free = mountPaths.map((path) => `(${isAt(path)} ? [] : [${literal(path)}])`);
  return [mounted, ...free].join("\n+ ");
}

/** The values of a variable, in a list: none where it is absent, an empty text where its value is elsewhere. */
const valuesOf = (name: string): string =>
  `container.env.filter(variable, variable.name == ${literal(name)}).map(variable, variable.?value.orValue(""))`;

const has = (group: keyof typeof variableGroupNames): string =>
  `container.env.exists(variable, variable.name in ${literals(variableGroupNames[group])})`;

const everyContainer = (expression: string): string =>
  `(object.spec.?initContainers.orValue([]) + object.spec.containers)\n  .all(container, ${expression})`;

/** Whether a container has a variable just as injection writes it. */
const hasEntry = (name: string, value: string): string =>
  `${record({ name: literal(name), value })} in ${env}`;

/**
 * Whether each container has the role, and the pod the token's volume. The API server finds an entry in a list much faster
 * than by an expression that looks at each.
 */
export function injectedExpression(): string {
  return (
    `object.spec.?volumes.orValue([]).exists(volume, volume.name == ${literal(tokenVolumeName)})` +
    `\n  && ${everyContainer(hasEntry(variableNames.role, "variables.role"))}`
  );
}

/** Whether each container has all that it would get, in the form that most pods get it. What is false may still be done. */
export function doneExpression(): string {
  const [sts] = variableGroupNames.sts;
  const [, region] = variableGroupNames.region;
  const mount = record({
    name: literal(tokenVolumeName),
    readOnly: "true",
    mountPath: literal(mountPaths[0]),
  });
  const all = [
    `${mount} in ${mounts}`,
    `(!variables.regional || ${hasEntry(sts, literal("regional"))})`,
    `(variables.region == "" || ${hasEntry(region, "variables.region")})`,
    `variables.sessionEntry.all(entry, entry in ${env})`,
  ].join("\n    && ");
  return `variables.isInjected && !variables.hasProfiles && variables.fsGroup == ""\n  && ${everyContainer(all)}`;
}

/** The containers that are not skipped, each with what it has of a role. */
export function meantExpression(): string {
  return `variables.containers.filter(container, !(container.name in variables.skipped)).map(container, ${record(
    {
      name: "container.name",
      path: "container.path",
      hasVariables: "container.hasVariables",
      hasMounts: "container.hasMounts",
      folders: foldersExpression(),
      role: valuesOf(variableNames.role),
      config: valuesOf(variableNames.config),
      configIsFree: `!${isAt(configMountPath)}`,
      hasProfile: `container.env.exists(variable, variable.name == ${literal(variableNames.profile)})`,
      hasSts: has("sts"),
      hasRegion: has("region"),
      hasRole: has("role"),
      hasSession: has("session"),
      isMounted: `container.mounts.exists(mount, ${isToken})`,
    },
  )})`;
}

/** What each of these containers is to get. */
export function targetsExpression(): string {
  const isThere = "container.config.exists(value, value == variables.configFile)";
  const takesConfig = "variables.givesConfig && size(container.config) == 0 && container.configIsFree";
  const byProfile =
    `variables.givesConfig && (${isThere} || size(container.config) == 0 && container.configIsFree)` +
    " && (variables.chainsDefault || container.hasProfile)";
  const hasPlace = "size(container.folders) > 0";
  return `variables.meant.map(container, ${record({
    path: "container.path",
    hasVariables: "container.hasVariables",
    hasMounts: "container.hasMounts",
    // No member of it is read where there is none.
    folders: "container.folders",
    takesConfig,
    takesSts: "variables.regional && !container.hasSts",
    takesRegion: 'variables.region != "" && !container.hasRegion',
    takesRole: `!container.hasRole && ${hasPlace} && !(${byProfile})`,
    takesSession: "!container.hasSession",
    takesMount: `!container.isMounted && ${hasPlace} && !(container.hasSts && container.hasRegion && container.hasRole)`,
  })})`;
}
