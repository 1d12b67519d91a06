import { mapLimit } from "../../../core/base/index.ts";
import { audienceFor, type Config } from "../../../config/index.ts";
import { type GoogleProject, loadGoogleProjects } from "../../parts/index.ts";
import { type GoogleFacts, type GoogleWorkload, loadGoogleJudge } from "../judge/index.ts";
import type { PartyFacts } from "../facts.ts";
import type { GatheredCluster } from "./cluster.ts";
import { type AccountGathering, firstAccount } from "./first-account.ts";
import type { GatherOptions, LinkFilter } from "./options.ts";
import { notTried, tryLook } from "./try-look.ts";

/** A ServiceAccount, and the service account that it becomes; without one it has direct access. */
interface GrantedAccount {
  readonly serviceAccount: string;
  readonly email: string | undefined;
}

/** The first ServiceAccount of each service account, which represents the others, and the first with direct access. */
function namedIn({ project: { serviceAccounts, direct } }: GoogleProject): readonly GrantedAccount[] {
  const impersonating = serviceAccounts.flatMap(({ email, serviceAccounts: [first] }) =>
    first === undefined ? [] : [{ serviceAccount: first, email }],
  );
  const [own] = direct;
  return own === undefined ? impersonating : [...impersonating, { serviceAccount: own, email: undefined }];
}

interface Gathering extends AccountGathering {
  readonly config: Config;
}

async function workloadFacts(
  project: GoogleProject,
  { serviceAccount, email }: GrantedAccount,
  gathering: Gathering,
): Promise<GoogleWorkload> {
  const { config, signal, wanted } = gathering;
  const [namespace = "", name = ""] = serviceAccount.split("/");
  const audience = await audienceFor({ ...config, gcp: [project.project] }, "gcp", { namespace, name });
  const { facts, jwt } = await firstAccount(serviceAccount, audience, gathering);
  const base = { email, audience, ...facts };
  if (jwt === undefined) return { ...base, exchange: notTried("token") };
  const exchange = wanted("sts")
    ? await tryLook(signal, () => project.exchange(jwt, email, signal))
    : notTried("sts");
  return { ...base, exchange };
}

async function projectFacts(project: GoogleProject, gathering: Gathering): Promise<GoogleFacts> {
  const { signal, wanted } = gathering;
  const [look, workloads] = await Promise.all([
    wanted("provider", "trust", "sts") ? tryLook(signal, () => project.look(signal)) : notTried("provider"),
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
  const { config, signal } = options;
  const gathering = { api, signal, wanted, config };
  const facts = await Promise.all(projects.map((one) => projectFacts(one, gathering)));
  return facts.map((one) => ({ judge: (link, judged) => judgeGoogle(link, judged, one) }));
}
