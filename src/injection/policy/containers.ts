import { configMountPath, type mountPaths, tokenVolumeName } from "../place.ts";
import { type variableGroupNames, variableNames } from "../variables.ts";
import { literal, literals, record, verbatim } from "./cel.ts";

/** Whether a mount stands at a path, with or without slashes at its end. */
function isAt(path: string): string {
  return `container.?volumeMounts.orValue([]).exists(mount, mount.mountPath.matches(${literal(`^${verbatim(path)}/*$`)}))`;
}

/**
 * All containers as injection looks at them: where each stands, the names of its variables, and its mounts. `folder` is
 * where the token's volume is mounted, or is to be.
 */
export function containersExpression([usual, other]: typeof mountPaths): string {
  const mounts = "container.?volumeMounts.orValue([])";
  const mounted = `${mounts}.filter(mount, mount.name == ${literal(tokenVolumeName)}).map(mount, mount.mountPath)`;
  const free = `${isAt(usual)} ? ${literal(other)} : ${literal(usual)}`;
  const configs = `container.?env.orValue([]).filter(variable, variable.name == ${literal(variableNames.config)})`;
  const roles = `container.?env.orValue([]).filter(variable, variable.name == ${literal(variableNames.role)})`;
  const seen = (list: string): string => `container.?${list}.orValue([])`;
  const look = (list: string): string =>
    `object.spec.?${list}.orValue([]).transformList(index, container, ${record({
      name: "container.name",
      path: `${literal(`/spec/${list}/`)} + string(index)`,
      env: `${seen("env")}.map(variable, variable.name)`,
      mounts: `${mounts}.map(mount, mount.name)`,
      folder: `(${mounted} + [${free}])[0]`,
      // The values of these two, in lists: none where the variable is absent, an empty text where it is elsewhere.
      config: `${configs}.map(variable, variable.?value.orValue(""))`,
      role: `${roles}.map(variable, variable.?value.orValue(""))`,
      configTaken: isAt(configMountPath),
    })})`;
  return `${look("initContainers")} + ${look("containers")}`;
}

/** The containers that are not skipped, each with what it is to get. */
export function targetsExpression(groups: typeof variableGroupNames): string {
  const has = (group: keyof typeof groups): string =>
    `container.env.exists(name, name in ${literals(groups[group])})`;
  const isThere = "variables.hasProfiles && container.config.exists(value, value == variables.configFile)";
  const isAdded = "variables.hasProfiles && size(container.config) == 0 && !container.configTaken";
  const byProfile = `(${isThere} || ${isAdded}) && (variables.chainsDefault || ${literal(variableNames.profile)} in container.env)`;
  return `variables.containers.filter(container, !(container.name in variables.skipped)).map(container, ${record(
    {
      name: "container.name",
      path: "container.path",
      env: "container.env",
      mounts: "container.mounts",
      folder: "container.folder",
      role: "container.role",
      byProfile,
      takesConfig: isAdded,
      lacksSts: `variables.regional && !${has("sts")}`,
      lacksRegion: `variables.region != "" && !${has("region")}`,
      lacksRole: `!${has("role")} && !(${byProfile})`,
      lacksSession: `!${has("session")}`,
      lacksMount: `!(${literal(tokenVolumeName)} in container.mounts) && !(${has("sts")} && ${has("region")} && ${has("role")})`,
    },
  )})`;
}
