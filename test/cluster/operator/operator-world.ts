/** An API server with an operator's rights on it, operators of this process, and the objects that they look at. */
import { systemClock } from "../../../src/core/base/index.ts";
import { Operator, operatorManifests, type OperatorOptions } from "../../../src/operator/index.ts";
import { type KubernetesApi, openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { rememberingLogger } from "../../support/remembering-logger.ts";
import { type ControlPlane, startControlPlane } from "../harness/index.ts";
import type { Owner } from "./pods.ts";

/** Whose rights the operators have. */
export const operatorUser = "system:serviceaccount:podtrust:podtrust-operator";

/** Objects as kubectl takes them. */
export const listOf = (items: readonly object[]): string =>
  JSON.stringify({ apiVersion: "v1", kind: "List", items });

interface WrittenEvent {
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly series?: { readonly count: number };
}

export class OperatorWorld {
  readonly cluster: ControlPlane;
  readonly admin: KubernetesApi;
  /** With the operator's rights. */
  readonly own: KubernetesApi;
  readonly ownKubeconfig: string;

  private constructor(cluster: ControlPlane, admin: KubernetesApi, own: KubernetesApi, kubeconfig: string) {
    this.cluster = cluster;
    this.admin = admin;
    this.own = own;
    this.ownKubeconfig = kubeconfig;
  }

  static async start(): Promise<OperatorWorld> {
    const cluster = await startControlPlane({ issuer: "https://oidc.example.com" });
    const manifests = operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: true });
    await cluster.kubectl(["apply", "-f", "-"], listOf(manifests));
    const groups = ["system:serviceaccounts", "system:serviceaccounts:podtrust", "system:authenticated"];
    const kubeconfig = await cluster.kubeconfigFor(operatorUser, groups);
    // Without a controller manager nobody makes it.
    await cluster.kubectl(["create", "serviceaccount", "default", "-n", "podtrust"]);
    const admin = await openKubernetes({ kubeconfig: cluster.adminKubeconfig });
    return new OperatorWorld(cluster, admin, await openKubernetes({ kubeconfig }), kubeconfig);
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  /** An operator that runs until it is disposed of. */
  operator(more: Partial<OperatorOptions> = {}) {
    const over = new AbortController();
    const logger = rememberingLogger();
    const operator = new Operator({
      api: this.own,
      namespace: "podtrust",
      clock: systemClock,
      logger,
      leaseDurationMs: 2000,
      canary: false,
      ...more,
    });
    const running = operator.run(over.signal);
    const stop = async (): Promise<void> => {
      over.abort(new Error("the test is over"));
      await running;
    };
    return { operator, logger, stop, [Symbol.asyncDispose]: stop };
  }

  async apply(namespace: string, ...items: readonly object[]): Promise<void> {
    await this.cluster.kubectl(["create", "-n", namespace, "-f", "-"], listOf(items));
  }

  async eventsOf(namespace: string): Promise<readonly WrittenEvent[]> {
    const { text } = await this.cluster.ask(`/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
    return (JSON.parse(text) as { items: readonly WrittenEvent[] }).items;
  }

  async makeNamespace(name: string): Promise<void> {
    await this.cluster.kubectl(["create", "namespace", name]);
    await this.cluster.kubectl(["create", "serviceaccount", "web", "-n", name]);
  }

  /** Gives the ServiceAccount `web` a role. */
  annotate(namespace: string, role: string): Promise<string> {
    const value = `eks.amazonaws.com/role-arn=${role}`;
    return this.cluster.kubectl(["annotate", "serviceaccount", "web", "-n", namespace, "--overwrite", value]);
  }

  async replicaSet(namespace: string, name = "web", env: readonly object[] = []): Promise<Owner> {
    const labels = { app: name };
    const containers = [{ name: "web", image: "example.com/web", env }];
    const template = { metadata: { labels }, spec: { serviceAccountName: "web", containers } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    await this.apply(namespace, { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name }, spec });
    const args = ["get", "rs", name, "-n", namespace, "-o", "jsonpath={.metadata.uid}"];
    return { kind: "ReplicaSet", name, uid: await this.cluster.kubectl(args) };
  }
}
