import { defined, type JsonRecord, recordOf, recordsOf, textOf } from "../../core/base/index.ts";
import type { KubernetesObject } from "../../providers/kubernetes/index.ts";
import { injectionProblem, isAlive } from "../../rules/injection/index.ts";
import type { ContainerLook, EventLook, PodLook, TokenFileLook } from "../judge/index.ts";
import { keptLines } from "./logs.ts";
import { listed, type Looking, namesIn, numberOf, textsIn, timeOf } from "./looking.ts";

/** Variables whose values are no secret. Of others only the name is kept. */
const openVariables: ReadonlySet<string> = new Set([
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_STS_REGIONAL_ENDPOINTS",
  "AWS_ROLE_SESSION_NAME",
]);
const reported = /^(?:AWS_|HTTPS?_PROXY$|NO_PROXY$)/iu;
const maxPods = 20;
const maxEvents = 20;
const maxText = 500;
/** What the API server makes of a volume that says nothing (0644). */
const defaultMode = 0o644;

function tokenFilesOf(spec: JsonRecord, container: JsonRecord): readonly TokenFileLook[] {
  const volumes = new Map(recordsOf(spec["volumes"]).map((volume) => [textOf(volume["name"]), volume]));
  return recordsOf(container["volumeMounts"]).flatMap((mount) => {
    const projected = recordOf(volumes.get(textOf(mount["name"]))?.["projected"]);
    const folder = (textOf(mount["mountPath"]) ?? "").replace(/\/$/u, "");
    return recordsOf(projected["sources"]).flatMap((source): readonly TokenFileLook[] => {
      if (source["serviceAccountToken"] === undefined) return [];
      const one = recordOf(source["serviceAccountToken"]);
      const audience = textOf(one["audience"]) ?? "";
      return [
        {
          path: `${folder}/${textOf(one["path"]) ?? ""}`,
          audience,
          seconds: numberOf(one["expirationSeconds"]) ?? 3600,
          mode: numberOf(projected["defaultMode"]) ?? defaultMode,
        },
      ];
    });
  });
}

function containerLook(pod: KubernetesObject, container: JsonRecord): ContainerLook {
  const spec = recordOf(pod["spec"]);
  const status = recordOf(pod["status"]);
  const name = textOf(container["name"]) ?? "";
  const state = ["containerStatuses", "initContainerStatuses"]
    .flatMap((key) => recordsOf(status[key]))
    .find((one) => one["name"] === name);
  const now = recordOf(state?.["state"]);
  const variables = recordsOf(container["env"]).filter((one) => reported.test(textOf(one["name"]) ?? ""));
  const open = variables.filter((one) => openVariables.has(textOf(one["name"]) ?? ""));
  const context = { ...recordOf(spec["securityContext"]), ...recordOf(container["securityContext"]) };
  return {
    name,
    names: variables.map((one) => textOf(one["name"]) ?? ""),
    // An empty text is the value of a variable as the API server gives it: without `value`.
    values: Object.fromEntries(
      open
        .filter((one) => one["valueFrom"] === undefined)
        .map((one) => [textOf(one["name"]) ?? "", textOf(one["value"]) ?? ""]),
    ),
    tokenFiles: tokenFilesOf(spec, container),
    restarts: numberOf(state?.["restartCount"]) ?? 0,
    ...defined({
      runAsUser: numberOf(context["runAsUser"]),
      waiting: textOf(recordOf(now["waiting"])["reason"]),
      startedAt: timeOf(recordOf(now["running"])["startedAt"]),
    }),
  };
}

/** `Deployment web` of a ReplicaSet `web-5d9c7b`, without asking for it: the hash is the pod's label. */
function ownerOf({ metadata }: KubernetesObject): string | undefined {
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (owner === undefined) return undefined;
  const hash = metadata.labels?.["pod-template-hash"];
  if (owner.kind !== "ReplicaSet" || hash === undefined) return `${owner.kind} ${owner.name}`;
  return `Deployment ${owner.name.slice(0, -(hash.length + 1))}`;
}

async function eventsOf(looking: Looking, pod: string): Promise<readonly EventLook[]> {
  const { namespace, name } = namesIn(pod);
  const fields = `involvedObject.kind=Pod,involvedObject.name=${name}`;
  const query = { kind: "Event", namespace, fields, limit: maxEvents } as const;
  // Without the right to read events the pod may still be readable.
  const events = await listed(looking, query).catch(() => []);
  return events
    .filter((one) => one["type"] === "Warning")
    .map((one) => ({
      reason: /^[A-Za-z]{1,64}$/u.exec(textOf(one["reason"]) ?? "")?.[0] ?? "",
      message: keptLines([(textOf(one["message"]) ?? "").slice(0, maxText)]).join(""),
    }));
}

/** A role that pods should have: its ARN and the audiences of its provider. */
export interface MeantRole {
  readonly roleArn: string;
  readonly audiences: readonly string[];
}

function podLook(pod: KubernetesObject, meant: MeantRole | undefined, events: readonly EventLook[]): PodLook {
  const { metadata } = pod;
  const spec = recordOf(pod["spec"]);
  const containers = ["initContainers", "containers"].flatMap((key) => recordsOf(spec[key]));
  return {
    name: `${metadata.namespace ?? ""}/${metadata.name}`,
    createdAt: timeOf(metadata.creationTimestamp) ?? 0,
    labels: textsIn(metadata.labels),
    annotations: Object.fromEntries(
      Object.entries(textsIn(metadata.annotations)).filter(([key]) => key.startsWith("eks.amazonaws.com/")),
    ),
    hostNetwork: spec["hostNetwork"] === true,
    containers: containers.map((container) => containerLook(pod, container)),
    events,
    ...defined({
      owner: ownerOf(pod),
      dnsPolicy: textOf(spec["dnsPolicy"]),
      fsGroup: numberOf(recordOf(spec["securityContext"])["fsGroup"]),
      lacks: meant === undefined ? undefined : injectionProblem(pod, meant)?.text,
    }),
  };
}

/** The pods that run as a ServiceAccount, or one of them. */
export async function podsAs(
  looking: Looking,
  serviceAccount: string,
  { meant, only }: { readonly meant: MeantRole | undefined; readonly only: string | undefined },
): Promise<readonly PodLook[]> {
  const { namespace, name } = namesIn(serviceAccount);
  const fields = `spec.serviceAccountName=${name}`;
  const all = await listed(looking, { kind: "Pod", namespace, fields, limit: maxPods });
  const wanted = all.filter(
    (pod) => isAlive(pod) && (only === undefined || `${namespace}/${pod.metadata.name}` === only),
  );
  return Promise.all(
    wanted.map(async (pod) =>
      podLook(pod, meant, await eventsOf(looking, `${namespace}/${pod.metadata.name}`)),
    ),
  );
}
