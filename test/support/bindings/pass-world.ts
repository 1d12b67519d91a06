import type { TestContext } from "node:test";
import {
  CreatePolicyCommand,
  GetAccountAuthorizationDetailsCommand,
  type IAMClient,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { type AwsAccess, type AwsSession, openAws } from "../../../src/providers/aws/index.ts";
import {
  type Clock,
  defined,
  PodtrustError,
  systemClock,
  type JsonRecord,
} from "../../../src/core/base/index.ts";
import type { KubernetesObject } from "../../../src/providers/kubernetes/index.ts";
import {
  type BindingClients,
  type BindingFacts,
  type BindingOutcome,
  BoundAccounts,
  ClusterView,
  Leftovers,
  reconcileTrust,
  type TrustOutcome,
} from "../../../src/operator/bindings/index.ts";
import { awsPasses } from "../../../src/operator/bindings/aws.ts";
import { startTestSandbox, type TestSandbox, type TestSandboxOptions } from "../sandbox.ts";
import { operatorRole, operatorSession } from "./operator-session.ts";
import { account, bindingOf, trustOf, trustSpec } from "./objects.ts";

/** The machine's time, which a test moves on; short waits take none of it, and limits are not reached by waiting. */
export class MovedClock implements Clock {
  #by = 0;
  #stopped: { readonly now: number; readonly elapsed: number } | undefined;

  now(): number {
    return (this.#stopped?.now ?? systemClock.now()) + this.#by;
  }

  elapsed(): number {
    return (this.#stopped?.elapsed ?? systemClock.elapsed()) + this.#by;
  }

  /** Stands still but where it is moved, until that is disposed of: what passes meanwhile on a busy machine does not count. */
  stop(): Disposable {
    this.#stopped = { now: systemClock.now(), elapsed: systemClock.elapsed() };
    return { [Symbol.dispose]: () => (this.#stopped = undefined) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms < 5000 ? 1 : ms, signal);
  }

  move(ms: number): void {
    this.#by += ms;
  }
}

/** A call of the operator at IAM, as its SDK makes it. */
export interface IamCall {
  /** `AttachRolePolicy` */
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Whether it changes something. */
  readonly isChange: boolean;
}

/** What becomes of a call: it fails before it reaches IAM, or is done and the answer is lost. */
export type Mishap = "refused" | "lost" | undefined;

/** A role as IAM has it. */
export interface StoredRole {
  readonly name: string;
  readonly id: string;
  readonly trust: string;
  readonly boundary: string | undefined;
  readonly policies: readonly string[];
  /** By name, as JSON text. */
  readonly inline: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly maxSession: number;
}

/**
 * The objects of a cluster in memory, its issuer, and an account in the sandbox that trusts it, in which the operator may do what its own
 * policy gives it.
 */
export interface PassWorld {
  readonly sandbox: TestSandbox;
  readonly iam: IAMClient;
  readonly clock: MovedClock;
  readonly clients: BindingClients;
  readonly objects: Map<string, KubernetesObject>;
  /** Every call of the operator at IAM, oldest first. */
  readonly calls: IamCall[];
  /** Asked before each call of the operator at IAM. */
  mishap: (call: IamCall) => Mishap;
  /** As what a call is refused before it reaches IAM; undefined: it is not. */
  refusal: (call: IamCall) => Error | undefined;
  /** Actions for which the operator's own policy gave it no right, oldest first. */
  readonly denied: string[];
  /** Which grants have no room; undefined: all have. */
  room: BindingFacts["room"];
  /** Called after each change of the operator at IAM, done or not. */
  changed: (call: IamCall) => Promise<void>;
  /** Writes the trust anew; its generation grows. */
  readonly trust: (spec: JsonRecord, name?: string) => KubernetesObject;
  /** Writes the trust of stack `prod` anew, with the one account and these grants. */
  readonly grants: (...grants: readonly JsonRecord[]) => void;
  /** Writes a binding anew, with its ServiceAccount. */
  readonly bind: (spec: JsonRecord, whose?: { readonly namespace?: string; readonly name?: string }) => void;
  /** One pass of a binding. */
  readonly pass: (namespace?: string, name?: string) => Promise<BindingOutcome>;
  /** One pass of a trust. */
  readonly trustPass: (name?: string) => Promise<TrustOutcome>;
  /** Another process takes over, which remembers nothing. */
  readonly restart: () => void;
  /** The same process, which remembers nothing of AWS any more. */
  readonly forget: () => void;
  readonly role: (name: string) => Promise<StoredRole | undefined>;
  readonly roles: () => Promise<readonly StoredRole[]>;
  /** The actions of the changes since it was asked last. */
  readonly changes: () => readonly string[];
  readonly stop: () => Promise<void>;
}

/** `Ready`'s status and reason. */
export function readyOf({ conditions }: BindingOutcome): string {
  const found = conditions.find(({ type }) => type === "Ready");
  return `${found?.status} ${found?.reason}`;
}

const isReading = (action: string): boolean => /^(?:Get|List)/u.test(action);

export const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  `${kind} ${namespace ?? ""}/${name}`;

/** The objects of a cluster in memory. */
export class Cluster {
  readonly objects = new Map<string, KubernetesObject>();
  #uids = 0;

  /** A spec that is another one makes another generation; status, finalizers and uid stay. */
  put(object: JsonRecord): KubernetesObject {
    const { kind, metadata } = object as unknown as KubernetesObject;
    const key = keyOf(kind, metadata.namespace, metadata.name);
    const before = this.objects.get(key);
    const isSame = JSON.stringify(before?.["spec"]) === JSON.stringify(object["spec"]);
    const made = {
      ...before,
      ...object,
      metadata: {
        uid: `uid-${(this.#uids += 1)}`,
        ...before?.metadata,
        ...metadata,
        generation: (before?.metadata.generation ?? 0) + (isSame ? 0 : 1),
      },
    } as KubernetesObject;
    this.objects.set(key, made);
    return made;
  }

  /** As the API server answers a server-side apply; a ServiceAccount is known by its name. */
  apply(object: KubernetesObject): Promise<KubernetesObject> {
    const { kind, metadata } = object;
    const before = this.objects.get(keyOf(kind, metadata.namespace, metadata.name));
    if (before === undefined || (metadata.uid !== undefined && metadata.uid !== before.metadata.uid))
      return Promise.reject(new PodtrustError("cluster-not-found", `there is no ${kind} ${metadata.name}`));
    const made = { ...before, ...object, metadata: { ...before.metadata, ...metadata } };
    this.objects.set(keyOf(kind, metadata.namespace, metadata.name), made);
    return Promise.resolve(made);
  }
}

/** `before`: done before each call. */
function failing(
  world: Pick<PassWorld, "calls" | "mishap" | "refusal" | "changed" | "denied">,
  session: AwsSession,
  before: () => Promise<void>,
): AwsSession {
  let wrapped: Promise<IAMClient> | undefined;
  const wrap = async (): Promise<IAMClient> => {
    const client = await session.iam();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const action = String((context as { commandName?: string }).commandName).replace(/Command$/u, "");
        const call = { action, input: args.input as IamCall["input"], isChange: !isReading(action) };
        world.calls.push(call);
        await before();
        const refusal = world.refusal(call);
        if (refusal !== undefined) throw refusal;
        const mishap = world.mishap(call);
        const failure = (): Error => Object.assign(new Error("trouble"), { name: "ServiceFailure" });
        if (mishap === "refused") throw failure();
        try {
          const answer = await next(args);
          if (mishap === "lost") throw failure();
          return answer;
        } catch (error) {
          if (error instanceof Error && error.name.startsWith("AccessDenied")) world.denied.push(action);
          throw error;
        } finally {
          if (call.isChange) await world.changed(call);
        }
      },
      { step: "initialize", name: "mishaps" },
    );
    return client;
  };
  return { ...session, iam: () => (wrapped ??= wrap()) };
}

/** The roles of an account, but for the operator's own. */
export async function allRoles(iam: IAMClient): Promise<readonly StoredRole[]> {
  const [details, list] = [
    await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ["Role"], MaxItems: 1000 })),
    await iam.send(new ListRolesCommand({ MaxItems: 1000 })),
  ];
  const sessions = new Map((list.Roles ?? []).map((one) => [one.RoleName, one.MaxSessionDuration ?? 0]));
  const others = (details.RoleDetailList ?? []).filter(({ RoleName }) => RoleName !== operatorRole);
  return others.map((one) => ({
    name: one.RoleName ?? "",
    id: one.RoleId ?? "",
    trust: decodeURIComponent(one.AssumeRolePolicyDocument ?? ""),
    boundary: one.PermissionsBoundary?.PermissionsBoundaryArn,
    policies: (one.AttachedManagedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn),
    inline: Object.fromEntries(
      (one.RolePolicyList ?? []).map(({ PolicyName = "", PolicyDocument = "" }) => [
        PolicyName,
        decodeURIComponent(PolicyDocument),
      ]),
    ),
    tags: Object.fromEntries((one.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
    maxSession: sessions.get(one.RoleName) ?? 0,
  }));
}

/** Makes managed policies of the account, by path and name: `/shop/read`. */
export async function makePolicies(
  iam: IAMClient,
  policies: Readonly<Record<string, object>>,
): Promise<void> {
  for (const [name, statement] of Object.entries(policies)) {
    const end = name.lastIndexOf("/") + 1;
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statement });
    const wanted = { Path: name.slice(0, end), PolicyName: name.slice(end), PolicyDocument };
    await iam.send(new CreatePolicyCommand(wanted));
  }
}

/** Starts it all; STS and IAM know each change at once. */
export async function startPassWorld(options: TestSandboxOptions = {}): Promise<PassWorld> {
  const sandbox = await startTestSandbox(options);
  const iam = sandbox.iam();
  const clock = new MovedClock();
  const cluster = new Cluster();
  const { objects } = cluster;
  const { credentials, follow } = await operatorSession(sandbox, iam);
  const open = (access: AwsAccess): AwsSession =>
    failing(world, openAws({ ...access, endpoint: sandbox.sandbox.url, credentials, attempts: 1 }), () =>
      follow(objects.get(keyOf("AWSTrust", undefined, "default"))),
    );
  const started = (): BoundAccounts => new BoundAccounts({ clock, open });
  /** As a watch shows it. */
  const seenAccount = (namespace: string, name: string): JsonRecord | undefined =>
    objects.get(keyOf("ServiceAccount", namespace, name));
  const clients: BindingClients & { aws: BoundAccounts } = {
    cluster: {
      server: "https://cluster.test",
      read: ({ kind, namespace, name }) => Promise.resolve(objects.get(keyOf(kind, namespace, name))),
      apply: (object) => cluster.apply(object),
      removeFinalizer({ kind, metadata }) {
        const key = keyOf(kind, metadata.namespace, metadata.name);
        const there = objects.get(key);
        // As the API server: what nothing keeps goes once somebody has deleted it.
        if (there?.metadata.deletionTimestamp !== undefined) objects.delete(key);
        else if (there !== undefined)
          objects.set(key, { ...there, metadata: { ...there.metadata, finalizers: [] } });
        return Promise.resolve();
      },
      async requestToken(namespace, name) {
        const token = await sandbox.token({ sub: `system:serviceaccount:${namespace}:${name}` });
        return { token, expirationTimestamp: new Date(clock.now() + 600_000).toISOString() };
      },
    },
    aws: started(),
  };
  let passes = awsPasses(clients.aws);
  let view = new ClusterView(clients.cluster, clock);
  let leftovers = new Map<string, Leftovers>();
  let counted = 0;
  const trustNameOf = (object: KubernetesObject): string =>
    (object["spec"] as { readonly trust?: string }).trust ?? "default";
  const world: PassWorld = {
    sandbox,
    iam,
    clock,
    clients,
    objects,
    calls: [],
    denied: [],
    mishap: () => undefined,
    refusal: () => undefined,
    room: undefined,
    changed: () => Promise.resolve(),
    trust: (spec, name = "default") => cluster.put(trustOf(spec, name)),
    grants(...grants) {
      const { issuer } = sandbox.issuer;
      world.trust({ stack: "prod", issuer, accounts: [{ id: account, region: "eu-central-1" }], grants });
    },
    bind(spec, whose = {}) {
      const object = bindingOf({ trust: "default", ...spec }, whose);
      const { metadata } = cluster.put(object);
      cluster.put({ apiVersion: "v1", kind: "ServiceAccount", metadata: { ...metadata, uid: "sa" } });
    },
    async pass(namespace = "shop", name = "web") {
      const object = objects.get(keyOf("AWSRoleBinding", namespace, name));
      if (object === undefined) throw new Error(`there is no binding ${namespace}/${name}`);
      const deletedFor = view.deletedFor(`${namespace}/${name}`, object);
      const trust = objects.get(keyOf("AWSTrust", undefined, trustNameOf(object)));
      const { signal } = new AbortController();
      const seen = { object, trust, account: seenAccount(namespace, name), deletedFor };
      const facts = { ...seen, ...defined({ room: world.room }) };
      return passes.binding(facts, clients, clock, signal);
    },
    async trustPass(name = "default") {
      const object = objects.get(keyOf("AWSTrust", undefined, name));
      if (object === undefined) throw new Error(`there is no trust ${name}`);
      const naming = [...objects.values()].filter(
        (one) => one.kind === "AWSRoleBinding" && trustNameOf(one) === name,
      );
      const bindings = new Set(naming.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`));
      const left = leftovers.get(name) ?? new Leftovers();
      leftovers.set(name, left);
      return reconcileTrust({ object, bindings, leftovers: left }, clients, clock);
    },
    forget() {
      clients.aws.close();
      clients.aws = started();
      passes = awsPasses(clients.aws);
    },
    restart() {
      world.forget();
      view = new ClusterView(clients.cluster, clock);
      leftovers = new Map();
    },
    role: async (name) => (await allRoles(iam)).find((one) => one.name === name),
    roles: () => allRoles(iam),
    changes() {
      const since = world.calls.slice(counted);
      counted = world.calls.length;
      return since.filter(({ isChange }) => isChange).map(({ action }) => action);
    },
    async stop() {
      clients.aws.close();
      await sandbox.close();
    },
  };
  world.trust({
    ...trustSpec,
    issuer: sandbox.issuer.issuer,
    accounts: [{ id: account, region: "eu-central-1" }],
  });
  return world;
}

/** The same, ended with the test. */
export async function passWorld(t: TestContext, options: TestSandboxOptions = {}): Promise<PassWorld> {
  const world = await startPassWorld(options);
  t.after(() => world.stop());
  return world;
}
