import { openAws } from "../../providers/aws/index.ts";
import { asPodtrustError, PodtrustError, recordOf, recordsOf, retry, textOf } from "../../core/base/index.ts";
import { bindingNames, type StatusCondition } from "../../rules/bindings/index.ts";
import type { KubernetesObject, ObjectRef } from "../../providers/kubernetes/index.ts";
import {
  type BindingClients,
  BoundAccounts,
  ClusterView,
  Leftovers,
  reconcileBinding,
  reconcileTrust,
} from "../../operator/bindings/index.ts";
import { answerInTime, type ClusterStory } from "./cluster-story.ts";
import { bindingDefinition } from "./survey.ts";
import { accounts, bindingIn, definitions, trustObject } from "./objects.ts";

/** A bound ServiceAccount, and how to unbind it. */
export interface BoundAccountOfDemo {
  readonly roleArn: string;
  /** Deletes the binding, and its role with it. */
  unbind(): Promise<void>;
}

const unbinding = { name: "the binding is let go", delays: [200], giveUpAfter: 60_000 };
const admission = "what admission knows spreads to each API server";

/** Defines the two kinds, and waits until the API server serves and guards them. */
async function define(story: ClusterStory, trust: KubernetesObject): Promise<void> {
  const { environment, made, namespace, signal } = story;
  const { cluster, sandbox } = environment;
  for (const one of definitions()) await made.make(one, signal);
  const isThere = await answerInTime(
    story,
    { reason: "the API server learns two kinds of object", seconds: 30 },
    () =>
      made.make(trust, signal).catch((error: unknown) => {
        if (asPodtrustError(error).code === "cluster-not-found") return undefined;
        throw error;
      }),
  );
  if (isThere === undefined) throw new PodtrustError("demo-link-broken", "AWSTrust is not served after 30 s");
  const beyond = bindingIn(namespace, {
    trust: namespace,
    account: sandbox.account,
    policy: "arn:aws:iam::aws:policy/AdministratorAccess",
  });
  await answerInTime(story, { reason: admission, seconds: 30 }, () =>
    cluster.create(beyond, { dryRun: true, signal }).then(
      () => undefined,
      (error: unknown) => (asPodtrustError(error).code === "cluster-not-found" ? undefined : true),
    ),
  );
}

const readyOf = (conditions: readonly StatusCondition[]): StatusCondition | undefined =>
  conditions.find(({ type }) => type === "Ready");

function clientsOf({ environment }: ClusterStory): BindingClients & { readonly aws: BoundAccounts } {
  const { cluster, sandbox, clock } = environment;
  const { url: endpoint, admin: credentials } = sandbox;
  const aws = new BoundAccounts({ clock, open: (access) => openAws({ ...access, endpoint, credentials }) });
  return { cluster, aws };
}

/** Deletes the trust, and runs the operator's own pass that lets it go; whether it is gone. Nothing may be bound by it any more. */
async function isTrustGone(
  { environment: { cluster, clock }, namespace }: ClusterStory,
  clients: BindingClients,
  signal: AbortSignal,
): Promise<boolean> {
  const trust: ObjectRef = { kind: "AWSTrust", name: namespace };
  await cluster.remove(trust, { signal });
  const object = await cluster.read(trust, { signal });
  if (object === undefined) return true;
  const facts = { object, bindings: new Set<string>(), leftovers: new Leftovers() };
  await reconcileTrust(facts, clients, clock, signal);
  return (await cluster.read(trust, { signal })) === undefined;
}

/**
 * Binds a ServiceAccount: definitions, a grant, a binding, and the passes of the operator's own code until STS let the
 * ServiceAccount in. Reports the link `trust`. Throws `demo-link-broken`.
 */
export async function bind(story: ClusterStory): Promise<BoundAccountOfDemo> {
  const { environment, made, namespace, reporter, onEvent, signal } = story;
  const { cluster, sandbox, clock, issuer } = environment;
  const trust = trustObject(namespace, issuer.url, sandbox.account);
  const clients = clientsOf(story);
  environment.atEnd(() => Promise.resolve(clients.aws.close()));
  const binding: ObjectRef = { kind: "AWSRoleBinding", namespace, name: accounts.bound };
  const view = new ClusterView(cluster, clock);
  /** One pass of the binding; undefined once it is gone. */
  async function pass(ending: AbortSignal) {
    const object = await cluster.read(binding, { signal: ending });
    const deletedFor = view.deletedFor(accounts.bound, object);
    if (object === undefined) return undefined;
    const named = await cluster.read({ kind: "AWSTrust", name: namespace }, { signal: ending });
    const facts = { object, trust: named, deletedFor };
    return { object, outcome: await reconcileBinding(facts, clients, clock, ending) };
  }
  /** Whether it is gone. A starting API server lacks the kind for a moment, which says nothing. */
  async function isGone(own: AbortSignal): Promise<boolean> {
    const list = `/apis/${trust.apiVersion}/namespaces/${namespace}/${bindingNames.plural}`;
    if ((await cluster.get(list, { signal: own })).status !== 200)
      return (await cluster.read(bindingDefinition, { signal: own })) === undefined;
    await cluster.remove(binding, { signal: own });
    return (await pass(own)) === undefined && (await isTrustGone(story, clients, own));
  }
  async function unbind(): Promise<void> {
    const { signal: own } = new AbortController();
    const sentence = `the binding ${namespace}/${accounts.bound} could not be let go`;
    // For any failure: a starting API server also refuses for a moment what its policies do not refuse.
    await retry(
      async () => {
        if (!(await isGone(own))) throw new PodtrustError("cluster-not-ready", sentence);
      },
      { schedule: unbinding, clock },
    );
  }
  await reporter.during("trust", () => define(story, trust));
  onEvent({
    kind: "step",
    text: `AWSTrust ${namespace} grants namespace ${namespace} roles with one policy; AWSRoleBinding ${namespace}/${accounts.bound} asks for one.`,
  });
  environment.atEnd(unbind);
  await reporter.during("trust", () =>
    made.make(bindingIn(namespace, { trust: namespace, account: sandbox.account }), signal),
  );
  const seen = await reporter.during("trust", () =>
    answerInTime(
      story,
      { reason: "the binding is Ready once STS let its ServiceAccount in", seconds: 60 },
      async () => {
        const done = await pass(signal);
        const ready = readyOf(done?.outcome.conditions ?? []);
        return ready?.status === "True" ? ready : undefined;
      },
    ),
  );
  const roles = recordsOf(recordOf((await cluster.read(binding, { signal }))?.["status"])["roles"]);
  const roleArn = textOf(roles[0]?.["arn"]) ?? "";
  await reporter.link("trust", () =>
    seen === undefined
      ? Promise.reject(new PodtrustError("demo-link-broken", "the binding is not Ready after a minute"))
      : Promise.resolve(`${roleArn}; the binding is Ready: ${seen.message}`),
  );
  return { roleArn, unbind };
}
