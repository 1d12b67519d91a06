import { defined, type JsonRecord, mapped, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import { agentLabel, skipLabel } from "./annotations.ts";
import { azureLabel } from "./azure.ts";
import { partyKeys, partyPodKeys, tokenFileVariables } from "./parties.ts";
import { isAlive, osLabels } from "./pod.ts";
import { keptValue } from "./value-length.ts";

const ours = /^(?:eks\.amazonaws\.com\/|(?:profile\.|chain\.|openbao\.)?podtrust\.dev\/)/u;

function picked(record: JsonRecord, keeps: (key: string) => boolean): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keeps(key)));
}

/** The members of a record that are there, of those that are named. */
function members(record: JsonRecord, ...names: readonly string[]): JsonRecord {
  return picked(record, (key) => names.includes(key) && record[key] !== undefined);
}

function volumeView(volume: JsonRecord): JsonRecord {
  const sources = recordsOf(recordOf(volume["projected"])["sources"])
    .map((source) => members(source, "serviceAccountToken", "downwardAPI"))
    .filter((source) => Object.keys(source).length > 0);
  const name = members(volume, "name");
  return sources.length === 0 ? name : { ...name, projected: { sources } };
}

const isOfAws = ({ name }: JsonRecord): boolean => textOf(name)?.startsWith("AWS_") === true;

/** Of a variable for another relying party it counts that it is there. */
function variableView(variable: JsonRecord): JsonRecord {
  if (!isOfAws(variable)) return members(variable, "name");
  const from = variable["valueFrom"] === undefined ? {} : { valueFrom: {} };
  return { ...members(variable, "name", "value"), ...from };
}

function containerView(container: JsonRecord): JsonRecord {
  const env = recordsOf(container["env"]).filter(
    (one) => isOfAws(one) || tokenFileVariables.has(String(one["name"])),
  );
  const mounts = recordsOf(container["volumeMounts"]).map((mount) =>
    members(mount, "name", "mountPath", "subPath", "subPathExpr"),
  );
  return {
    ...members(container, "name"),
    ...(env.length === 0 ? {} : { env: env.map(variableView) }),
    ...(recordsOf(container["envFrom"]).length === 0 ? {} : { envFrom: [{}] }),
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
}

function specView(spec: JsonRecord): JsonRecord {
  const fsGroup = members(recordOf(spec["securityContext"]), "fsGroup");
  const selector = picked(recordOf(spec["nodeSelector"]), (key) => osLabels.includes(key));
  const init = recordsOf(spec["initContainers"]);
  return {
    ...members(spec, "serviceAccountName", "os"),
    ...(Object.keys(fsGroup).length === 0 ? {} : { securityContext: fsGroup }),
    ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
    volumes: recordsOf(spec["volumes"]).map(volumeView),
    ...(init.length === 0 ? {} : { initContainers: init.map(containerView) }),
    containers: recordsOf(spec["containers"]).map(containerView),
  };
}

/**
 * The part of a pod that `injectionFault` and `partyFault` look at, as a pod: for callers that keep thousands of them
 * in memory. Undefined for a pod that has ended or is being deleted.
 */
export function injectionView(pod: JsonRecord): JsonRecord | undefined {
  const metadata = recordOf(pod["metadata"]);
  if (!isAlive(pod) || metadata["deletionTimestamp"] !== undefined) return undefined;
  const annotations = picked(
    recordOf(metadata["annotations"]),
    (key) => ours.test(key) || partyPodKeys.has(key),
  );
  const labels = members(recordOf(metadata["labels"]), skipLabel, agentLabel.key, azureLabel.key);
  const owner = recordsOf(metadata["ownerReferences"]).find(({ controller }) => controller === true);
  return {
    metadata: {
      ...members(metadata, "name", "namespace", "uid", "creationTimestamp"),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      ...defined({
        ownerReferences: mapped(owner, (reference) => [
          members(reference, "apiVersion", "kind", "name", "uid", "controller"),
        ]),
      }),
    },
    spec: specView(recordOf(pod["spec"])),
  };
}

/** The same of a ServiceAccount or a namespace: its annotations, for every relying party, none longer than is used. */
export function annotationsView(object: JsonRecord): JsonRecord {
  const metadata = recordOf(object["metadata"]);
  const annotations = picked(
    recordOf(metadata["annotations"]),
    (key) => ours.test(key) || partyKeys.has(key),
  );
  const kept: JsonRecord = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [
      key,
      typeof value === "string" ? keptValue(value) : value,
    ]),
  );
  return { metadata: { ...members(metadata, "name", "namespace", "uid"), annotations: kept } };
}
