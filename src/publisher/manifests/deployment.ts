import {
  containerSettings,
  exchanging,
  httpProbe,
  lockedContainer,
  podMetadata,
  type PodSelector,
  replicaDeployment,
  replicaPod,
  settingsArgs,
  storeKeyMount,
  storeKeyVolume,
} from "../../providers/kubernetes/index.ts";
import { podLayout, type PublisherSpec } from "./spec.ts";

/** What it has in common with the other objects. */
interface Common {
  readonly metadata: object;
  readonly selector: PodSelector;
  /** A digest of all that the pods are started with. */
  readonly digest: string;
}

// Until every node knows that a pod is ending, clients are still sent to it: it keeps serving meanwhile.
const stillLedTo = 5;

function portsOf({ mode, expose }: PublisherSpec): readonly object[] {
  const port = (name: string, containerPort: number, hostPort?: number): object => ({
    name,
    containerPort,
    ...(hostPort !== undefined && expose === "host-port" ? { hostPort } : {}),
    protocol: "TCP",
  });
  return [
    ...(mode === "s3" ? [] : [port("https", podLayout.https, 443)]),
    ...(mode === "https-and-http" ? [port("http", podLayout.http, 80)] : []),
    port("admin", podLayout.admin),
    port("probes", podLayout.probes),
  ];
}

function container(spec: PublisherSpec): object {
  const { image, environmentSecret, pods } = spec;
  return {
    name: "publisher",
    image,
    args: ["serve", "--file", podLayout.config, ...settingsArgs(pods)],
    ports: portsOf(spec),
    envFrom: [{ secretRef: { name: environmentSecret, optional: true } }],
    startupProbe: httpProbe("/livez", 1, 60),
    livenessProbe: httpProbe("/livez", 10, 3),
    readinessProbe: httpProbe("/readyz", 1, 2),
    lifecycle: { preStop: { sleep: { seconds: stillLedTo } } },
    ...containerSettings(pods),
    ...lockedContainer(pods),
    volumeMounts: [
      { name: "config", mountPath: "/etc/podtrust", readOnly: true },
      storeKeyMount,
      ...pods.volumeMounts,
    ],
  };
}

/** The Deployment: pods that are replaced one by one, and from which no other pod can take anything. */
export function deployment(spec: PublisherSpec, { metadata, selector, digest }: Common): object {
  const { name, replicas, expose, priorityClass, pods } = spec;
  const rollingUpdate = exchanging(expose === "host-port");
  const template = {
    metadata: podMetadata(pods, selector, { "podtrust.dev/config-digest": digest }),
    spec: {
      ...replicaPod({ serviceAccountName: name, selector, priorityClass, pods }),
      containers: [container(spec)],
      volumes: [{ name: "config", configMap: { name } }, storeKeyVolume(name), ...pods.volumes],
    },
  };
  return replicaDeployment(metadata, selector, { replicas, rollingUpdate, template });
}
