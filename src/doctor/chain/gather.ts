import { lookup } from "node:dns/promises";
import { isFetchedPublicly } from "../../config/index.ts";
import { defined, links, PodtrustError, textOf, recordOf, setting } from "../../core/base/index.ts";
import type { KubernetesApi } from "../../providers/kubernetes/index.ts";
import {
  gatherFacts as gatherStatusFacts,
  type IssuerFacts,
  judgeFacts,
  type StatusFacts,
  type StatusOptions,
} from "../../stack/index.ts";
import { hasCluster, openCluster } from "../../stack/parts/index.ts";
import {
  type ChainFacts,
  lookedAt,
  type StatusFinding,
  type TextLook,
  type WorkloadLook,
} from "../judge/index.ts";
import { type DoctorFacts, withLateness } from "../index.ts";
import { accountLook, publishedLook } from "./aws.ts";
import { apiServerLooks, clusterLook, reviewed } from "./cluster.ts";
import { gatherIssuer, type StackIssuerOptions, statusIssuer } from "./issuer.ts";
import { keptLines, logTexts } from "./logs.ts";
import { roleLimits } from "./limits.ts";
import { look, type Looking, namesIn } from "./looking.ts";
import { pendingCertificates, webhookLooks } from "./webhooks.ts";
import { type Subject, subjectsOf, withoutCluster, workloadLooks } from "./workloads.ts";

/** What is looked at of a stack, and what a person gave to start from. */
export interface ChainOptions
  extends Omit<StatusOptions, "only" | "skip" | "issuerFacts">, StackIssuerOptions {
  /** NAMESPACE/NAME: only this pod, and the ServiceAccount that it runs as. */
  readonly pod?: string;
  /** NAMESPACE/NAME: only this ServiceAccount. */
  readonly serviceAccount?: string;
  /** An error message, word for word. */
  readonly error?: string;
  /** A token to have reviewed by the API server, and judged as AWS does where it is for STS, as a program has it. */
  readonly token?: string;
  /** Whether the containers' logs may be read. */
  readonly logs?: boolean;
}

const maxErrorLines = 200;
/** An AWS that says nothing is given up after half a minute, where others have nearly two. */
const callLimits = { attempts: 3, answerWithinMs: 10_000 };

/** The ServiceAccount that a pod runs as. Throws `usage` for a pod that is not there. */
async function accountOfPod({ api, signal }: Looking, pod: string): Promise<string> {
  const { namespace, name } = namesIn(pod);
  const object = await api.read({ kind: "Pod", namespace, name }, { signal });
  if (object === undefined) {
    throw new PodtrustError("usage", `there is no pod ${pod}`, {
      next: `kubectl get pods -n ${namespace} lists those that are there.`,
    });
  }
  return `${namespace}/${textOf(recordOf(object["spec"])["serviceAccountName"]) ?? "default"}`;
}

/** The ServiceAccounts that are meant: those of the config, or the one that was named. */
async function meantSubjects(
  looking: Looking | undefined,
  facts: StatusFacts,
  { pod, serviceAccount }: ChainOptions,
): Promise<readonly Subject[]> {
  const known = subjectsOf(facts);
  const named =
    pod !== undefined && looking !== undefined ? await accountOfPod(looking, pod) : serviceAccount;
  if (named === undefined) return known;
  const own = known.filter((one) => one.serviceAccount === named);
  const subjects = own.length > 0 ? own : [{ serviceAccount: named, sessionSeconds: 3600 }];
  return subjects.map((one) => ({ ...one, ...defined({ pod }) }));
}

function statusFindings(facts: StatusFacts): readonly StatusFinding[] {
  return [...judgeFacts(facts, links)].flatMap(([link, found]) =>
    found.map(({ reason, outcome, seen, next }) => ({ link, reason, outcome, seen, ...defined({ next }) })),
  );
}

/** What only the cluster shows. */
type OfCluster = Pick<ChainFacts, "workloads" | "webhooks" | "pendingCertificates"> &
  Partial<Pick<ChainFacts, "cluster" | "token">> & { readonly logs: readonly TextLook[] };

async function lookAtCluster(
  looking: Looking,
  subjects: readonly Subject[],
  { clock, logs, token }: ChainOptions,
  servers: StatusFacts["servers"],
): Promise<OfCluster> {
  const [workloads, cluster, webhooks, pending, given] = await Promise.all([
    workloadLooks(looking, subjects, clock),
    clusterLook(looking, subjects[0]?.serviceAccount, servers),
    webhookLooks(looking),
    pendingCertificates(looking),
    token === undefined ? undefined : reviewed(looking, token),
  ]);
  const texts = logs === true ? await logTexts(looking, workloads) : [];
  return {
    workloads,
    webhooks,
    pendingCertificates: pending,
    cluster,
    logs: texts,
    ...defined({ token: given }),
  };
}

/** Without its API, what SSH shows of its servers is all there is. */
function withoutLooking(subjects: readonly Subject[], servers: StatusFacts["servers"]): OfCluster {
  const none = { unseen: "no cluster was asked" };
  const workloads: readonly WorkloadLook[] = subjects.map(withoutCluster);
  const apiServers = apiServerLooks(servers);
  const cluster = servers.length === 0 ? undefined : { fresh: none, kids: none, apiServers };
  return { workloads, webhooks: none, pendingCertificates: none, logs: [], ...defined({ cluster }) };
}

function givenText({ error, pod }: ChainOptions): readonly TextLook[] {
  if (error === undefined) return [];
  const lines = keptLines(error.split("\n").slice(0, maxErrorLines));
  return [{ from: "--error", lines, ...defined({ pod }) }];
}

async function systemResolver(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, family: 4 })).map(({ address }) => address);
}

/** Where STS answers in the region of the config; nothing where that is not asked of this machine's resolver. */
async function stsAddresses({ config, signal, env, resolve }: ChainOptions): Promise<readonly string[]> {
  const region = config.aws[0]?.region;
  if (region === undefined || (setting(env, "AWS_ENDPOINT_URL") !== undefined && resolve === undefined))
    return [];
  const ask = resolve ?? systemResolver;
  return lookedAt(await look(signal, () => ask(`sts.${region}.amazonaws.com`))) ?? [];
}

/**
 * Looks at the issuer as `podtrust doctor URL` does, reads all else that `podtrust status` reads, and what distinguishes one
 * cause from another: pods with their Events, API servers, webhooks, a pod made for trial and not kept. Logs only where `logs` allows it. Changes
 * nothing. Throws the signal's reason, and `usage` for a pod that is not there.
 */
export function gatherChain(options: ChainOptions): Promise<ChainFacts> {
  return withLateness(() => gathered({ callLimits, ...options }));
}

/** What `status` judges, with the issuer as it is seen by its URL. */
function gatherChecked(options: ChainOptions): Promise<readonly [StatusFacts, DoctorFacts]> {
  const looked = gatherIssuer(options);
  const issuerFacts = async (): Promise<IssuerFacts> => statusIssuer(await looked, options);
  return Promise.all([gatherStatusFacts({ ...options, issuerFacts }, new Set(links)), looked]);
}

async function gathered(options: ChainOptions): Promise<ChainFacts> {
  const { config, signal, route } = options;
  const [facts, issuer] = await gatherChecked(options);
  const opened = hasCluster(config)
    ? await look<KubernetesApi>(signal, () => openCluster(options))
    : undefined;
  const reachable = facts.cluster?.username.kind === "seen";
  const looking =
    opened !== undefined && "seen" in opened && reachable ? { api: opened.seen, signal } : undefined;
  const subjects = await meantSubjects(looking, facts, options);
  const [limits, ofCluster, addresses] = await Promise.all([
    roleLimits(facts, options),
    looking === undefined
      ? withoutLooking(subjects, facts.servers)
      : lookAtCluster(looking, subjects, options, facts.servers),
    stsAddresses(options),
  ]);
  const { logs, ...seen } = ofCluster;
  // How long this program was held up is measured over the whole look.
  const { lateMs: _lateMs, ...outside } = issuer;
  return {
    stack: config.stack,
    issuer: config.issuer,
    formerIssuers: config.publisher?.formerIssuers ?? [],
    now: facts.now,
    status: statusFindings(facts),
    accounts: facts.accounts.map((account) => accountLook(facts, account, limits)),
    stsAddresses: addresses,
    texts: [...givenText(options), ...logs],
    ...seen,
    outside,
    isPublic: isFetchedPublicly(config),
    ...defined({
      published: publishedLook([issuer.reading, ...issuer.samples], route?.ca !== undefined),
      certificateRefused: facts.publisher?.certificate?.message,
    }),
  };
}
