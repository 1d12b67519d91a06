import { mapLimit } from "../../../core/base/index.ts";
import type { KubernetesApi } from "../../../providers/kubernetes/index.ts";
import { parseJws } from "../../../rules/oidc/index.ts";
import { audienceFor } from "../../../config/index.ts";
import { type GoogleProject, loadGoogleProjects } from "../../parts/index.ts";
import { type GoogleFacts, type GoogleWorkload, loadGoogleJudge } from "../judge/index.ts";
import type { PartyFacts } from "../facts.ts";
import type { GatheredCluster } from "./cluster.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, seen } from "./seen.ts";
import { objectOf } from "./workloads.ts";

/** Somebody of the cluster, and the service account that it becomes; without one it has access of its own. */
interface Named {
  readonly serviceAccount: string;
  readonly email: string | undefined;
}

/** The first ServiceAccount of each service account, which stands for the others, and the first with direct access. */
function namedIn({ project: { serviceAccounts, direct } }: GoogleProject): readonly Named[] {
  const impersonating = serviceAccounts.flatMap(({ email, serviceAccounts: [first] }) =>
    first === undefined ? [] : [{ serviceAccount: first, email }],
  );
  const [own] = direct;
  return own === undefined ? impersonating : [...impersonating, { serviceAccount: own, email: undefined }];
}

interface Gathering {
  readonly options: GatherOptions;
  readonly api: KubernetesApi | undefined;
  readonly wanted: LinkFilter;
}

async function workloadFacts(
  project: GoogleProject,
  named: Named,
  { options, api, wanted }: Gathering,
): Promise<GoogleWorkload> {
  const { config, signal } = options;
  const { serviceAccount, email } = named;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const audience = await audienceFor({ ...config, gcp: [project.project] }, "gcp", { namespace, name });
  const base = { ...named, audience };
  const none = notTried("cluster");
  if (api === undefined) return { ...base, object: none, token: none, exchange: notTried("token") };
  const object = wanted("serviceaccount")
    ? await objectOf(api, serviceAccount, signal)
    : { object: notTried("serviceaccount") };
  if (!wanted("token", "sts"))
    return { ...base, ...object, token: notTried("token"), exchange: notTried("token") };
  const spec = { audiences: [audience], expirationSeconds: 600 };
  const minted = await seen(
    signal,
    async () => (await api.requestToken(namespace, name, spec, { signal })).token,
  );
  if (minted.kind !== "seen") return { ...base, ...object, token: minted, exchange: notTried("token") };
  const token = await seen(signal, async () => parseJws(minted.value));
  const exchange = wanted("sts")
    ? await seen(signal, () => project.exchange(minted.value, email, signal))
    : notTried("sts");
  return { ...base, ...object, token, exchange };
}

async function projectFacts(project: GoogleProject, gathering: Gathering): Promise<GoogleFacts> {
  const { options, wanted } = gathering;
  const { signal } = options;
  const [look, workloads] = await Promise.all([
    wanted("provider", "trust", "sts") ? seen(signal, () => project.look(signal)) : notTried("provider"),
    wanted("serviceaccount", "token", "sts")
      ? mapLimit(namedIn(project), (named) => workloadFacts(project, named, gathering))
      : [],
  ]);
  return { project: project.project, look, workloads };
}

/** What every project of the config and its cluster say. Mints a token for each service account, and exchanges it. */
export async function gatherGoogle(
  options: GatherOptions,
  cluster: Promise<GatheredCluster>,
  wanted: LinkFilter,
): Promise<readonly PartyFacts[]> {
  const [projects, judgeGoogle] = await Promise.all([loadGoogleProjects(options), loadGoogleJudge()]);
  const { api } = await cluster;
  const facts = await Promise.all(projects.map((one) => projectFacts(one, { options, api, wanted })));
  return facts.map((one) => ({ judge: (link, judged) => judgeGoogle(link, judged, one) }));
}
