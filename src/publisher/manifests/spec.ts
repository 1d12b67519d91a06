import type { PodSettings } from "../../config/index.ts";

/** How clients reach the publisher's pods. */
export type Exposure = "load-balancer" | "node-port" | "host-port";

/** What the pods do: answer on 443 and 80, on 443 alone, or write into a bucket. */
export type PublisherMode = "https-and-http" | "https" | "s3";

/** Settings of the publisher's deployment, shaped like a chart's values. */
export interface PublisherSpec {
  readonly namespace: string;
  /** Of all objects. */
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly expose: Exposure;
  readonly mode: PublisherMode;
  /** The port of the API server's own address, which network policies see behind its Service. */
  readonly apiServerPort: number;
  /** Namespaces whose pods may read metrics and status. */
  readonly monitoringNamespaces: readonly string[];
  /** The pods' PriorityClass; empty for none. */
  readonly priorityClass: string;
  readonly pods: PodSettings;
  /** The config file of the pods. */
  readonly config: string;
  /** PEM of the roots that verify the CA's own HTTPS; empty for the public ones. */
  readonly acmeCa: string;
  /** The same of the second CA. */
  readonly acmeFallbackCa: string;
  /** A Secret with environment variables (a zone's token, AWS credentials), which may be absent. */
  readonly environmentSecret: string;
  /** A Secret whose certificate is served, in the same namespace; empty if the publisher orders its own. */
  readonly certificateSecret: string;
}

/** Paths in the pods. */
export const podLayout = {
  config: "/etc/podtrust/podtrust.yaml",
  acmeCa: "/etc/podtrust/acme-ca.pem",
  acmeFallbackCa: "/etc/podtrust/acme-fallback-ca.pem",
  /** The pod's own, in memory, and sticky as /tmp is: a volume of Kubernetes is open to every user of the pod. */
  stateDir: "/dev/shm/podtrust",
  https: 8443,
  http: 8080,
  admin: 9890,
  probes: 9892,
} as const;
