import { type JsonRecord, recordOf, recordsOf, textOf } from "../base/index.ts";
import { configAnnotation } from "./annotations.ts";
import { annotationsOf } from "./asked.ts";
import { chainsDefault, configFile, configText, configTokenFile, configVolume } from "./config-file.ts";
import { configUse, type Given, injectContainer, namesOf } from "./container.ts";
import { limits, shortNamePrefix } from "./patterns.ts";
import { configVolumeName, tokenFileName, tokenVolumeName } from "./place.ts";
import { isWindows, tokenPath, windowsPath } from "./pod.ts";
import type { RoleAccess } from "./role-access.ts";
import { podNameField, type VariableValues } from "./variables.ts";

/**
 * How the pod's session is named. A name that is made from `generateName` is not there yet, and has 63 characters at
 * most; a name that is there may be one that RoleSessionName is not.
 */
function sessionOf({ sessionName, sessionFromPod }: RoleAccess, pod: JsonRecord): VariableValues["session"] {
  if (sessionFromPod !== true) return sessionName;
  const name = textOf(recordOf(pod["metadata"])["name"]) ?? "";
  if (name.length > limits.mostSessionName) return name.slice(0, limits.mostSessionName);
  if (name !== "" && name.length < limits.leastSessionName) return shortNamePrefix + name;
  return { fieldPath: podNameField };
}

function tokenVolume({ audience, expirationSeconds, tokenMode }: RoleAccess): JsonRecord {
  const serviceAccountToken = { audience, expirationSeconds, path: tokenFileName };
  const mode = tokenMode === undefined ? {} : { defaultMode: tokenMode };
  return { name: tokenVolumeName, projected: { sources: [{ serviceAccountToken }], ...mode } };
}

function givenTo(pod: JsonRecord, access: RoleAccess): Given {
  const spec = recordOf(pod["spec"]);
  const path = isWindows(spec) ? windowsPath : (file: string): string => file;
  const session = sessionOf(access, pod);
  const found = recordsOf(spec["volumes"]).find(({ name }) => name === tokenVolumeName);
  const { roleArn, region, stsRegionalEndpoints } = access;
  return {
    values: {
      roleArn,
      tokenFile: "",
      ...(region === undefined ? {} : { region }),
      ...(stsRegionalEndpoints === undefined ? {} : { stsRegionalEndpoints }),
      ...(session === undefined ? {} : { session }),
    },
    token: found === undefined ? tokenFileName : tokenPath(found),
    path,
    config:
      (access.profiles ?? []).length === 0
        ? undefined
        : { file: path(configFile), chainsDefault: chainsDefault(access) },
  };
}

function withGroup(spec: JsonRecord, { fsGroup }: RoleAccess): JsonRecord {
  const context = recordOf(spec["securityContext"]);
  // A pod for Windows that names one is refused.
  if (fsGroup === undefined || context["fsGroup"] !== undefined || isWindows(spec)) return spec;
  return { ...spec, securityContext: { ...context, fsGroup } };
}

/** The config file as the pod's programs read it; undefined for a pod with one role. */
export function configFor(pod: JsonRecord, access: RoleAccess): string | undefined {
  const text = configText(access);
  if (!isWindows(recordOf(pod["spec"]))) return text;
  return text?.replaceAll(configTokenFile, windowsPath(configTokenFile));
}

function withConfig(pod: JsonRecord, access: RoleAccess): JsonRecord {
  const config = configFor(pod, access);
  const annotations = annotationsOf(pod);
  if (config === undefined || annotations[configAnnotation] !== undefined) return pod;
  const metadata = {
    ...recordOf(pod["metadata"]),
    annotations: { ...annotations, [configAnnotation]: config },
  };
  return { ...pod, metadata };
}

/**
 * A pod, or a pod's template, in which every container, init container and sidecar has the token and the variables of a
 * role. What is there already stays as it is: a variable keeps its value (with a role or a token file of its own a
 * container gets neither), and a volume or mount of the token's name is used in place of another. Given its own result it
 * gives back the same object; containers named by `skip` are left alone.
 *
 * The rules are those of amazon-eks-pod-identity-webhook (pkg/handler), so that either may come first, and the pods are
 * the same.
 */
export function injectRole(pod: JsonRecord, access: RoleAccess, skip: readonly string[] = []): JsonRecord {
  const before = recordOf(pod["spec"]);
  const given = givenTo(pod, access);
  const isMeant = (container: JsonRecord): boolean => !skip.includes(textOf(container["name"]) ?? "");
  let spec = withGroup(before, access);
  let configured = false;
  for (const key of ["initContainers", "containers"]) {
    const containers = recordsOf(spec[key]);
    const injected = containers.map((one) => (isMeant(one) ? injectContainer(one, given) : one));
    if (injected.every((one, index) => one === containers[index])) continue;
    spec = { ...spec, [key]: injected };
    configured ||= containers.some((one) => isMeant(one) && configUse(one, given) === "added");
  }
  const volumes = recordsOf(spec["volumes"]);
  const missing = (name: string): boolean => !namesOf(volumes).includes(name);
  const added = [
    ...(missing(tokenVolumeName) ? [tokenVolume(access)] : []),
    ...(configured && missing(configVolumeName) ? [configVolume(access, configAnnotation)] : []),
  ];
  if (added.length > 0) spec = { ...spec, volumes: [...added, ...volumes] };
  if (spec === before) return pod;
  const injected = { ...pod, spec };
  return configured ? withConfig(injected, access) : injected;
}
