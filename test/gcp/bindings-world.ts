import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  PodtrustError,
  recordOf,
  recordsOf,
  silentLogger,
  type JsonRecord,
} from "../../src/core/base/index.ts";
import { reconcilingGoogleBindings } from "../../src/operator/bindings/gcp/index.ts";
import type { Controllers, ControllerTools } from "../../src/operator/index.ts";
import { type KubernetesObject, openKubernetes } from "../../src/providers/kubernetes/index.ts";
import { type StandInGoogle, startStandInGoogle } from "../../src/sandbox/gcp.ts";
import { type StandInCluster, startStandInCluster } from "../../src/sandbox/index.ts";
import { MovedClock } from "../support/bindings/pass-world.ts";

const issuer = "https://oidc.example.com";
export const projectNumber = "123456789012";
export const web = "shop-web@podtrust-sandbox.iam.gserviceaccount.com";
export const report = "shop-report@podtrust-sandbox.iam.gserviceaccount.com";
const apiVersion = "podtrust.dev/v1alpha1";

/** The principal of shop/web in the world's pool. */
export const principal = `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/bindings/subject/system:serviceaccount:shop:web`;

export const trustSpec = { issuer, projectNumber, pool: "bindings", provider: "cluster" };

/** A grant of all service accounts of the project to the namespace shop. */
export const shop: JsonRecord = {
  name: "shop",
  namespaces: ["shop"],
  emails: ["*@podtrust-sandbox.iam.gserviceaccount.com"],
};

/** Objects of a cluster in memory, as far as an operator of bindings reads and writes them. */
class Objects {
  readonly all = new Map<string, KubernetesObject>();
  #version = 0;

  static key(kind: string, { namespace, name }: { namespace?: string | undefined; name: string }): string {
    return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  }

  put(object: JsonRecord): KubernetesObject {
    const { kind, metadata } = object as unknown as KubernetesObject;
    const key = Objects.key(kind, metadata);
    const before = this.all.get(key);
    this.#version += 1;
    const isSame = JSON.stringify(before?.["spec"]) === JSON.stringify(object["spec"]);
    const generation = (before?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    const made = {
      ...before,
      ...object,
      metadata: { uid: `uid-${this.#version}`, ...before?.metadata, ...metadata, generation },
    } as unknown as KubernetesObject;
    this.all.set(key, made);
    return made;
  }
}

/** An operator's controllers for Google, the cluster and the project that they work with. */
export interface GoogleBindingsWorld {
  readonly google: StandInGoogle;
  readonly clock: MovedClock;
  readonly objects: Map<string, KubernetesObject>;
  /** Said by Events, as `reason message`. */
  readonly events: string[];
  readonly trust: (spec?: JsonRecord, metadata?: JsonRecord) => void;
  readonly bind: (spec: JsonRecord, metadata?: JsonRecord) => void;
  /** One pass of shop/web. */
  readonly pass: () => Promise<void>;
  /** One pass of the trust. */
  readonly trustPass: () => Promise<void>;
  /** `True GoogleAccepted`, of a condition of shop/web, or of another object. */
  readonly condition: (type?: string, key?: string) => string;
  /** Who may become a service account, by the world's pool. */
  readonly members: (email?: string) => Promise<readonly string[]>;
  /** Writes the policy of a service account. */
  readonly policy: (email: string, bindings: readonly object[]) => Promise<void>;
  readonly annotations: () => Readonly<Record<string, string>>;
  /** The variables of a shell that has these roles alone. */
  readonly environmentWith: (roles: readonly string[]) => Promise<Readonly<Record<string, string>>>;
  /** A process that remembers nothing takes over, with these credentials, or those that it had. */
  readonly restart: (env?: Readonly<Record<string, string>>) => void;
  /** While it is set, every write of Google's is refused. */
  held: boolean;
}

/** Of the operator's pods: its own token, and a file that names it. By the project's policy it has the least roles. */
async function ownFile(
  folder: string,
  google: StandInGoogle,
  cluster: StandInCluster,
  needed = ["roles/iam.workloadIdentityPoolViewer", "roles/iam.serviceAccountAdmin"],
): Promise<object> {
  const whose = { namespace: "podtrust", name: "podtrust-operator" };
  const provider = `projects/${projectNumber}/locations/global/workloadIdentityPools/bindings/providers/cluster`;
  const tokenFile = join(folder, "token");
  const audiences = [`https://iam.googleapis.com/${provider}`];
  await writeFile(tokenFile, cluster.createToken({ ...whose, audiences }), { mode: 0o600 });
  const itself = principal.replace("shop:web", `${whose.namespace}:${whose.name}`);
  google.seed({ bindings: Object.fromEntries(needed.map((role) => [role, [itself]])) });
  return google.credentialFile({ pool: "bindings", provider: "cluster", tokenFile });
}

/** The variables of a shell with these credentials, whose Google is the stand-in. */
export async function environmentOf(folder: string, google: StandInGoogle, credentials: object) {
  const file = join(folder, "credentials.json");
  await writeFile(file, JSON.stringify(credentials));
  return {
    GOOGLE_APPLICATION_CREDENTIALS: file,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: google.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: google.url,
  };
}

function apiOf(objects: Objects, cluster: StandInCluster) {
  return {
    server: "https://cluster.test",
    read: ({ kind, ...ref }: { kind: string; namespace?: string; name: string }) =>
      Promise.resolve(objects.all.get(Objects.key(kind, ref))),
    apply(object: KubernetesObject) {
      const before = objects.all.get(Objects.key(object.kind, object.metadata));
      if (before === undefined || (object.metadata.uid ?? before.metadata.uid) !== before.metadata.uid)
        return Promise.reject(new PodtrustError("cluster-not-found", `there is no ${object.metadata.name}`));
      return Promise.resolve(objects.put({ ...object, spec: before["spec"] }));
    },
    removeFinalizer({ kind, metadata }: KubernetesObject, finalizer: string) {
      const finalizers = (metadata.finalizers ?? []).filter((one) => one !== finalizer);
      const now = {
        ...objects.all.get(Objects.key(kind, metadata)),
        kind,
        metadata: { ...metadata, finalizers },
      };
      if (finalizers.length === 0 && metadata.deletionTimestamp !== undefined)
        objects.all.delete(Objects.key(kind, metadata));
      else objects.put(now);
      return Promise.resolve();
    },
    requestToken: (namespace: string, name: string, spec: { audiences: readonly string[] }) =>
      Promise.resolve({ token: cluster.createToken({ namespace, name, audiences: spec.audiences }) }),
  };
}

/** What an operator gives its controllers, over objects in memory. */
function toolsOf(
  world: Pick<GoogleBindingsWorld, "clock" | "events">,
  objects: Objects,
  cluster: StandInCluster,
) {
  const keysOf = (kind: string): readonly string[] =>
    [...objects.all.keys()]
      .filter((key) => key.startsWith(`${kind} `))
      .map((key) => key.slice(kind.length + 1));
  const followed = (kind: string) => ({
    synced: true,
    untilSynced: () => Promise.resolve(),
    keys: () => keysOf(kind),
    subscribe: () => () => {},
    get(key: string) {
      const object = objects.all.get(`${kind} ${key}`);
      return kind === "ServiceAccount" ? object : object && { trust: recordOf(object["spec"])["trust"] };
    },
  });
  const tools = {
    api: apiOf(objects, cluster),
    clock: world.clock,
    logger: silentLogger,
    accounts: followed("ServiceAccount"),
    follow: ({ kind }: { kind: string }) => followed(kind),
    events: {
      record({ reason, note }: { reason: string; note: string }) {
        world.events.push(`${reason} ${note}`);
        return Promise.resolve();
      },
    },
  };
  return tools as unknown as ControllerTools;
}

/** Asks the project as its administrator. */
async function asked(google: StandInGoogle, path: string, body: object): Promise<JsonRecord> {
  const answer = await fetch(`${google.url}/v1/projects/-/serviceAccounts/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${google.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  return recordOf(await answer.json());
}

/**
 * Starts it, with the pool that trusts the cluster and two service accounts; ends with the test. The operator has the
 * administrator's credentials, or those that its pods have, which may make it the service account shop-report.
 */
export async function googleBindingsWorld(
  t: TestContext,
  credentials: "administrator" | "own" | "own-account" = "administrator",
): Promise<GoogleBindingsWorld> {
  const clock = new MovedClock();
  const google = await startStandInGoogle({ clock });
  const cluster = await startStandInCluster({ issuer, clock });
  t.after(async () => {
    await google.close();
    await cluster.close();
  });
  const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-bindings-"));
  t.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
  const { jwks } = await (await openKubernetes({ kubeconfig }, { clock })).oidcDocuments();
  const jwksJson = jwks.toString("utf8");
  const provider = { id: "cluster", oidc: { issuerUri: issuer, jwksJson } };
  google.seed({
    pools: [{ id: "bindings", providers: [provider] }],
    serviceAccounts: [{ id: "shop-web" }, { id: "shop-report" }],
  });
  const objects = new Objects();
  const events: string[] = [];
  const tools = toolsOf({ clock, events }, objects, cluster);
  const own = credentials === "administrator" ? google.adminFile : await ownFile(folder, google, cluster);
  const become = {
    service_account_impersonation_url: `${google.url}/v1/projects/-/serviceAccounts/${report}:generateAccessToken`,
  };
  const file = credentials === "own-account" ? { ...own, ...become } : own;
  const first = await environmentOf(folder, google, file);
  let controllers: Controllers = reconcilingGoogleBindings(tools, first);
  const signal = new AbortController().signal;
  const named = (name: string) => controllers.find((one) => one.name === name);
  const world: GoogleBindingsWorld = {
    google,
    clock,
    objects: objects.all,
    events,
    held: true,
    restart(env = first) {
      controllers = reconcilingGoogleBindings(tools, env);
    },
    async environmentWith(roles) {
      const shell = await mkdtemp(join(folder, "shell-"));
      return environmentOf(shell, google, await ownFile(shell, google, cluster, [...roles]));
    },
    trust(spec = {}, metadata = {}) {
      // A trust is read once a second for all.
      clock.move(2000);
      const whole = { grants: [shop], ...trustSpec, ...spec };
      objects.put({ apiVersion, kind: "GCPTrust", metadata: { name: "default", ...metadata }, spec: whole });
    },
    bind(spec, metadata = {}) {
      const whose = { namespace: "shop", name: "web" };
      if (!objects.all.has("ServiceAccount shop/web"))
        objects.put({ apiVersion: "v1", kind: "ServiceAccount", metadata: whose });
      const whole = { trust: "default", ...spec };
      const head = { ...whose, ...metadata };
      objects.put({ apiVersion, kind: "GCPServiceAccountBinding", metadata: head, spec: whole });
    },
    async pass() {
      const assertHeld = (): void => {
        if (!world.held) throw new Error("the lease is another's");
      };
      await named("bindings-gcp")?.reconcile("shop/web", { signal, assertHeld });
    },
    async trustPass() {
      await named("trusts-gcp")?.reconcile("default", { signal, assertHeld: () => {} });
    },
    condition(type = "Ready", key = "GCPServiceAccountBinding shop/web") {
      const { conditions } = recordOf(objects.all.get(key)?.["status"]);
      const found = recordsOf(conditions).find((one) => one["type"] === type);
      return `${String(found?.["status"])} ${String(found?.["reason"])}`;
    },
    async members(email = web) {
      const policy = await asked(google, `${email}:getIamPolicy`, {});
      return recordsOf(policy["bindings"]).flatMap(({ members }) => members as readonly string[]);
    },
    async policy(email, bindings) {
      await asked(google, `${email}:setIamPolicy`, { policy: { version: 3, bindings } });
    },
    annotations: () => objects.all.get("ServiceAccount shop/web")?.metadata.annotations ?? {},
  };
  return world;
}
