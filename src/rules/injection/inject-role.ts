import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { agentLabel, configAnnotation } from "./annotations.ts";
import { annotationsOf } from "./annotated-access.ts";
import { chainsDefault, configFile, configText, configTokenFile, configVolume } from "./config-file.ts";
import { configUse, type PodCredentials, hasNoPlace, injectContainer, namesOf } from "./container.ts";
import { limits, shortNamePrefix } from "./patterns.ts";
import {
  configFileName,
  configVolumeName,
  containerMountPaths,
  containerTokenName,
  mountPaths,
  tokenFileName,
  tokenVolumeName,
} from "./mount-paths.ts";
import { containersOf, isWindows, tokenPath, windowsPath } from "./pod.ts";
import type { ContainerAccess, RoleAccess } from "./role-access.ts";
import { podNameField, type VariableValues } from "./variables.ts";

/**
 * How the pod's session is named. A name that is made from `generateName` does not exist yet, and has 63 characters at
 * most; an existing name may be one that RoleSessionName does not accept.
 */
function sessionOf({ sessionName, sessionFromPod }: RoleAccess, pod: JsonRecord): VariableValues["session"] {
  if (sessionFromPod !== true) return sessionName;
  const name = textOf(recordOf(pod["metadata"])["name"]) ?? "";
  if (name.length > limits.maxSessionName) return name.slice(0, limits.maxSessionName);
  if (name !== "" && name.length < limits.minSessionName) return shortNamePrefix + name;
  return { fieldPath: podNameField };
}

function tokenVolume({ audience, expirationSeconds, tokenMode }: RoleAccess): JsonRecord {
  const serviceAccountToken = { audience, expirationSeconds, path: tokenFileName };
  const mode = defined({ defaultMode: tokenMode });
  return { name: tokenVolumeName, projected: { sources: [{ serviceAccountToken }], ...mode } };
}

/** Whether a pod has a volume of its own under the name of the config file's, with no such file in it. */
function isConfigTaken(spec: JsonRecord): boolean {
  const found = recordsOf(spec["volumes"]).find(({ name }) => name === configVolumeName);
  if (found === undefined) return false;
  return !recordsOf(recordOf(found["projected"])["sources"]).some((source) =>
    recordsOf(recordOf(source["downwardAPI"])["items"]).some((item) => item["path"] === configFileName),
  );
}

function credentialsFor(pod: JsonRecord, access: RoleAccess): PodCredentials {
  const spec = recordOf(pod["spec"]);
  const path = isWindows(spec) ? windowsPath : (file: string): string => file;
  const session = sessionOf(access, pod);
  const found = recordsOf(spec["volumes"]).find(({ name }) => name === tokenVolumeName);
  const { roleArn, region, stsRegionalEndpoints } = access;
  return {
    values: {
      roleArn,
      tokenFile: "",
      ...defined({ region, stsRegionalEndpoints, session }),
    },
    by: "role",
    volume: tokenVolumeName,
    mountPaths,
    token: found === undefined ? tokenFileName : tokenPath(found),
    path,
    config:
      (access.profiles ?? []).length === 0 || isConfigTaken(spec)
        ? undefined
        : { file: path(configFile), chainsDefault: chainsDefault(access) },
  };
}

function withGroup(spec: JsonRecord, { fsGroup }: Pick<RoleAccess, "fsGroup">): JsonRecord {
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

/** What a pod is given: to each selected container, and to the pod. */
interface PodInjection {
  readonly credentials: PodCredentials;
  readonly access: Pick<RoleAccess, "fsGroup">;
  readonly volume: JsonRecord;
  /** Present where a container takes the config file. */
  readonly configVolume?: JsonRecord;
}

/** The pod with all of it, and whether a container took the config file; the same object where it had all of it. */
function injectPod(
  pod: JsonRecord,
  injection: PodInjection,
  skip: readonly string[],
): { pod: JsonRecord; configured: boolean } {
  const { credentials, access } = injection;
  const before = recordOf(pod["spec"]);
  const isMeant = (container: JsonRecord): boolean => !skip.includes(textOf(container["name"]) ?? "");
  let spec = withGroup(before, access);
  let configured = false;
  for (const key of ["initContainers", "containers"]) {
    const containers = recordsOf(spec[key]);
    const injected = containers.map((one) => (isMeant(one) ? injectContainer(one, credentials) : one));
    if (injected.every((one, index) => one === containers[index])) continue;
    spec = { ...spec, [key]: injected };
    configured ||= containers.some((one) => isMeant(one) && configUse(one, credentials) === "added");
  }
  const volumes = recordsOf(spec["volumes"]);
  const wanted = [
    injection.volume,
    ...(configured && injection.configVolume !== undefined ? [injection.configVolume] : []),
  ];
  const added = wanted.filter(({ name }) => !namesOf(volumes).includes(name));
  if (added.length > 0) spec = { ...spec, volumes: [...added, ...volumes] };
  return { pod: spec === before ? pod : { ...pod, spec }, configured };
}

/**
 * A pod, or a pod's template, in which every container, init container and sidecar has the token and the variables of a
 * role. What exists already stays as it is: a variable keeps its value (with a role or a token file of its own a
 * container gets neither), and a volume or mount of the token's name is used in place of another. Given its own result
 * it gives back the same object; containers named by `skip` are left alone.
 *
 * The rules are those of amazon-eks-pod-identity-webhook (pkg/handler), so that either may come first, and the pods are
 * the same.
 */
export function injectRole(pod: JsonRecord, access: RoleAccess, skip: readonly string[] = []): JsonRecord {
  const injection = {
    credentials: credentialsFor(pod, access),
    access,
    volume: tokenVolume(access),
    configVolume: configVolume(access, configAnnotation),
  };
  const injected = injectPod(pod, injection, skip);
  return injected.configured ? withConfig(injected.pod, access) : injected.pod;
}

/** The first of the containers that `injectRole` leaves without the role since the token has no place in it. */
export function withoutPlace(
  pod: JsonRecord,
  access: RoleAccess,
  skip: readonly string[],
): JsonRecord | undefined {
  const credentials = credentialsFor(pod, access);
  return containersOf(pod).find(
    (one) => !skip.includes(textOf(one["name"]) ?? "") && hasNoPlace(one, credentials),
  );
}

/**
 * A pod whose containers have their credentials from an agent on the node, such as that of EKS Pod Identity: its
 * address, and a token that it takes. It replaces `injectRole`, and otherwise works the same.
 */
export function injectContainerCredentials(
  pod: JsonRecord,
  access: ContainerAccess,
  skip: readonly string[] = [],
): JsonRecord {
  const { audience, expirationSeconds, tokenMode, credentialsUri, region, stsRegionalEndpoints } = access;
  const spec = recordOf(pod["spec"]);
  const found = recordsOf(spec["volumes"]).find(({ name }) => name === containerTokenName);
  const serviceAccountToken = { audience, expirationSeconds, path: containerTokenName };
  const mode = defined({ defaultMode: tokenMode });
  const credentials: PodCredentials = {
    values: {
      credentialsUri,
      tokenFile: "",
      ...defined({ region, stsRegionalEndpoints }),
    },
    by: "container",
    volume: containerTokenName,
    mountPaths: containerMountPaths,
    token: found === undefined ? containerTokenName : tokenPath(found),
    path: isWindows(spec) ? windowsPath : (file: string): string => file,
    config: undefined,
  };
  const volume = { name: containerTokenName, projected: { sources: [{ serviceAccountToken }], ...mode } };
  const injected = injectPod(pod, { credentials, access, volume }, skip).pod;
  const metadata = recordOf(injected["metadata"]);
  const labels = recordOf(metadata["labels"]);
  if (labels[agentLabel.key] === agentLabel.value) return injected;
  return {
    ...injected,
    metadata: { ...metadata, labels: { ...labels, [agentLabel.key]: agentLabel.value } },
  };
}
