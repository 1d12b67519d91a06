import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import type { JsonRecord } from "../../src/core/base/index.ts";
import type { StatusCondition } from "../../src/rules/bindings/index.ts";
import { type KubernetesObject, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import type { BindingEvent, BindingOutcome } from "../../src/operator/bindings/index.ts";
import {
  azurePasses,
  type AzureTrustFacts,
  BoundTenants,
  LeftCredentials,
  reconcileAzureTrust,
  reconcilingIdentities,
} from "../../src/operator/bindings/azure/index.ts";
import type { ControllerTools } from "../../src/operator/index.ts";
import { startStandInCluster } from "../../src/sandbox/cluster/index.ts";
import { Cluster, keyOf, MovedClock } from "../support/bindings/pass-world.ts";
import { testAuthority } from "../support/certificates.ts";
import { startIssuer } from "../support/issuer-server.ts";
import { type AzureStackWorld, azureStackWorld } from "./stack-world.ts";

/** An AzureIdentityBinding as somebody writes it. */
export const bindingOf = (spec: JsonRecord, { namespace = "shop", name = "web" } = {}): JsonRecord => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AzureIdentityBinding",
  metadata: { namespace, name },
  spec: { trust: "default", ...spec },
});

const trustObject = (spec: JsonRecord): JsonRecord => ({
  apiVersion: "podtrust.dev/v1alpha1",
  kind: "AzureTrust",
  metadata: { name: "default" },
  spec,
});

/** What a binding's status says of identities. */
export interface StatusIdentity {
  readonly id: string;
  readonly managed?: boolean;
  readonly clientId?: string;
  readonly principalId?: string;
  readonly credential?: string;
}

/** The objects of a cluster in memory, whose tokens a stand-in cluster mints, and the sandbox's Azure. */
export interface AzureBindingsWorld {
  readonly azure: AzureStackWorld;
  readonly clock: MovedClock;
  readonly issuer: string;
  readonly objects: Map<string, KubernetesObject>;
  /** Writes the trust anew, with these grants of the group `shared`. */
  readonly grants: (...grants: readonly JsonRecord[]) => void;
  /** Writes it anew without grants, and with these members of its spec in place of its own. */
  readonly trust: (more: JsonRecord) => void;
  readonly bind: (spec: JsonRecord, whose?: { readonly namespace?: string; readonly name?: string }) => void;
  readonly pass: (name?: string, namespace?: string) => Promise<BindingOutcome>;
  /** Passes until a binding waits for nothing but time. */
  readonly settled: (name?: string) => Promise<BindingOutcome>;
  readonly trustPass: () => Promise<Omit<BindingOutcome, "changes">>;
  /** What the operator's own controller makes of a binding, NAMESPACE/NAME, with all that its watches show. */
  readonly operate: () => (key: string) => Promise<string>;
  /** Marks an object as being deleted; `deletedFor`: milliseconds that passes are told from then on. */
  readonly remove: (kind: string, name: string, deletedFor?: number) => void;
  readonly identity: (name?: string) => StatusIdentity | undefined;
  readonly annotations: (name?: string) => Readonly<Record<string, string>>;
  /** Writes at Azure since it was asked last. */
  readonly writes: () => readonly string[];
  /** A process that remembers nothing takes over. */
  readonly restart: () => void;
  /** An empty tenant and cluster. */
  readonly reset: (...seed: Parameters<AzureStackWorld["reset"]>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** `Ready True AssertionAccepted` of each condition. */
export const saidBy = ({ conditions }: { readonly conditions: readonly StatusCondition[] }): string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

export function readyOf(outcome: { readonly conditions: readonly StatusCondition[] }): string {
  const found = outcome.conditions.find(({ type }) => type === "Ready");
  return `${found?.status} ${found?.reason}`;
}

export const eventsOf = ({ events }: { readonly events: readonly BindingEvent[] }): string[] =>
  events.map(({ reason }) => reason);

/** Starts it all; Entra and Azure know each change at once. */
export async function azureBindingsWorld(
  cloud: "public" | "usgov" | "china" = "public",
): Promise<AzureBindingsWorld> {
  const authority = await testAuthority();
  const issuer = await startIssuer(authority);
  const { connectTo } = issuer;
  const azure = await azureStackWorld({ issuer: issuer.issuer, connectTo, ca: authority.root, cloud });
  const standIn = await startStandInCluster({ issuer: issuer.issuer, algorithm: "RS256" });
  const kubeconfig = join(azure.folder, "kubeconfig");
  await writeFile(kubeconfig, standIn.kubeconfig());
  const minting = await openKubernetes({ kubeconfig });
  const { jwks } = await minting.oidcDocuments();
  issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  const clock = new MovedClock();
  let memory = new Cluster();
  let tenants = new BoundTenants({ clock, env: azure.env });
  let leftovers = new LeftCredentials();
  let ages = new Map<string, number>();
  let counted = 0;
  const cluster = {
    server: "https://cluster.test",
    read: ({ kind, namespace, name }: { kind: string; namespace?: string; name: string }) =>
      Promise.resolve(memory.objects.get(keyOf(kind, namespace, name))),
    apply: (object: KubernetesObject) => memory.apply(object),
    removeFinalizer(object: KubernetesObject) {
      const { kind, metadata } = object;
      const key = keyOf(kind, metadata.namespace, metadata.name);
      const there = memory.objects.get(key);
      if (there?.metadata.deletionTimestamp !== undefined) memory.objects.delete(key);
      else if (there !== undefined)
        memory.objects.set(key, { ...there, metadata: { ...there.metadata, finalizers: [] } });
      return Promise.resolve();
    },
    requestToken: minting.requestToken.bind(minting),
  };
  const clients = () => ({ cluster, azure: tenants });
  const trustSpec = (grants: readonly JsonRecord[]): JsonRecord => ({
    stack: "prod",
    issuer: issuer.issuer,
    tenant: azure.azure.tenant,
    cloud,
    groups: [{ name: "shared", subscription: azure.azure.subscription, resourceGroup: "podtrust" }],
    grants: grants.map((one) => ({ groups: ["shared"], ...one })),
  });
  const bindingKey = (name: string, namespace = "shop"): string =>
    keyOf("AzureIdentityBinding", namespace, name);
  const world: AzureBindingsWorld = {
    azure,
    clock,
    issuer: issuer.issuer,
    get objects() {
      return memory.objects;
    },
    grants: (...grants) => void memory.put(trustObject(trustSpec(grants))),
    trust: (more) => void memory.put(trustObject({ ...trustSpec([]), ...more })),
    bind(spec, whose = {}) {
      const { metadata } = memory.put(bindingOf(spec, whose));
      const { namespace = "", name } = metadata;
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name } };
      if (memory.objects.get(keyOf("ServiceAccount", namespace, name)) === undefined) memory.put(account);
      standIn.addServiceAccount(namespace, name);
    },
    async pass(name = "web", namespace = "shop") {
      const object = memory.objects.get(bindingKey(name, namespace));
      if (object === undefined) throw new Error(`there is no binding ${namespace}/${name}`);
      const trust = memory.objects.get(keyOf("AzureTrust", undefined, "default"));
      const deletedFor = ages.get(bindingKey(name, namespace)) ?? 0;
      const { signal } = new AbortController();
      const facts = { object, trust, deletedFor };
      return azurePasses(tenants).binding(facts, clients(), clock, signal);
    },
    async settled(name = "web") {
      for (let tries = 0; ; tries += 1) {
        const outcome = await world.pass(name);
        const { againIn = Infinity } = outcome;
        if (againIn > 4000 || tries > 20) return outcome;
        clock.move(againIn);
      }
    },
    async trustPass() {
      const object = memory.objects.get(keyOf("AzureTrust", undefined, "default"));
      if (object === undefined) throw new Error("there is no trust");
      const bindings = [...memory.objects.values()].filter(({ kind }) => kind === "AzureIdentityBinding");
      const keys = bindings.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`);
      const facts: AzureTrustFacts = { object, bindings: new Set(keys), leftovers };
      return reconcileAzureTrust(facts, clients(), clock);
    },
    operate() {
      const all = (kind: string): readonly KubernetesObject[] =>
        [...memory.objects.values()].filter((one) => one.kind === kind);
      const nameOf = ({ metadata: { namespace, name } }: KubernetesObject): string =>
        namespace === undefined ? name : `${namespace}/${name}`;
      const shown = new Map<string, unknown>();
      let show: (object: KubernetesObject) => unknown = () => {};
      const followed = (kind: string, get: (key: string) => unknown) => ({
        synced: true,
        untilSynced: () => Promise.resolve(),
        keys: () => all(kind).map(nameOf),
        subscribe: () => () => {},
        get,
      });
      const tools = {
        api: cluster,
        clock,
        accounts: followed("ServiceAccount", () => undefined),
        follow({ kind, keep }: { kind: string; keep: typeof show }) {
          if (kind === "AzureIdentityBinding") show = keep;
          return followed(kind, (key) => shown.get(key));
        },
        events: { record: () => Promise.resolve() },
      };
      const [bindings] = reconcilingIdentities(tools as unknown as ControllerTools, azure.env);
      return async (key) => {
        for (const object of all("AzureIdentityBinding")) shown.set(nameOf(object), show(object));
        await bindings?.reconcile(key, { signal: new AbortController().signal, assertHeld() {} });
        const found = all("AzureIdentityBinding").find((one) => nameOf(one) === key);
        return readyOf(found?.["status"] as BindingOutcome);
      };
    },
    remove(kind, name, deletedFor = 0) {
      const key = kind === "AzureTrust" ? keyOf(kind, undefined, name) : keyOf(kind, "shop", name);
      const there = memory.objects.get(key);
      if (there === undefined) throw new Error(`there is no ${kind} ${name}`);
      const metadata = { ...there.metadata, deletionTimestamp: new Date(clock.now()).toISOString() };
      memory.objects.set(key, { ...there, metadata });
      ages.set(key, deletedFor);
    },
    identity(name = "web") {
      const status = memory.objects.get(bindingKey(name))?.["status"] as
        | { readonly identities?: readonly StatusIdentity[] }
        | undefined;
      return status?.identities?.[0];
    },
    annotations: (name = "web") =>
      memory.objects.get(keyOf("ServiceAccount", "shop", name))?.metadata.annotations ?? {},
    writes() {
      const since = azure.relay.calls.slice(counted);
      counted = azure.relay.calls.length;
      return since.filter((call) => !call.startsWith("GET "));
    },
    restart() {
      tenants = new BoundTenants({ clock, env: azure.env });
      leftovers = new LeftCredentials();
    },
    async reset(seed) {
      await azure.reset(seed);
      memory = new Cluster();
      ages = new Map();
      counted = 0;
      world.restart();
    },
    async stop() {
      await standIn.close();
      await azure.close();
      await issuer.close();
    },
  };
  return world;
}
