import { mapLimit } from "../../../core/base/index.ts";
import type { LookResult, PartyFacts } from "../facts.ts";
import { judgeSection, type PartyJudge, type PartyWorkload, type SectionFacts } from "../judge/index.ts";
import { type AccountGathering, firstAccount } from "./first-account.ts";
import { notTried, tryLook } from "./try-look.ts";

/** A ServiceAccount that is tried, and what it becomes. */
type TriedAccount<Identity> = Pick<
  PartyWorkload<Identity, never>,
  "identity" | "audience" | "serviceAccount"
>;

/** One section of the config at a relying party. */
export interface ReadSection<Section, Look, Identity, Answer> {
  readonly section: Section;
  /** The first ServiceAccount of each identity, which represents the others. */
  readonly accounts: readonly TriedAccount<Identity>[];
  readonly look: (signal: AbortSignal) => Promise<Look>;
  /** How a token is tried as a workload does; undefined if what it needs was not read. */
  readonly exchange: (
    identity: Identity,
    jwt: string,
    look: LookResult<Look>,
  ) => ((signal: AbortSignal) => Promise<Answer>) | undefined;
}

/** The facts of a section while its look is still read. */
async function workloadFacts<Section, Look, Identity, Answer>(
  { exchange }: ReadSection<Section, Look, Identity, Answer>,
  account: TriedAccount<Identity>,
  looking: Promise<LookResult<Look>>,
  gathering: AccountGathering,
): Promise<PartyWorkload<Identity, Answer>> {
  const { signal, wanted } = gathering;
  const { facts, jwt } = await firstAccount(account.serviceAccount, account.audience, gathering);
  const base = { ...account, ...facts };
  if (jwt === undefined) return { ...base, exchange: notTried("token") };
  if (!wanted("sts")) return { ...base, exchange: notTried("sts") };
  const asked = exchange(account.identity, jwt, await looking);
  if (asked === undefined) return { ...base, exchange: notTried("provider") };
  return { ...base, exchange: await tryLook(signal, () => asked(signal)) };
}

async function sectionFacts<Section, Look, Identity, Answer>(
  one: ReadSection<Section, Look, Identity, Answer>,
  isLooked: boolean,
  gathering: AccountGathering,
): Promise<SectionFacts<Section, Look, Identity, Answer>> {
  const { signal, wanted } = gathering;
  const looking: Promise<LookResult<Look>> = isLooked
    ? tryLook(signal, () => one.look(signal))
    : Promise.resolve(notTried("provider"));
  const [look, workloads] = await Promise.all([
    looking,
    wanted("serviceaccount", "token", "sts")
      ? mapLimit(one.accounts, (account) => workloadFacts(one, account, looking, gathering))
      : [],
  ]);
  return { section: one.section, look, workloads };
}

/** What sections of one relying party and the cluster say. Mints a token for each identity, and tries it. */
export async function gatherSections<Section, Look, Identity, Answer>(
  row: PartyJudge<Section, Look, Identity, Answer>,
  sections: readonly ReadSection<Section, Look, Identity, Answer>[],
  gathering: AccountGathering,
): Promise<readonly PartyFacts[]> {
  const { wanted } = gathering;
  const isLooked = wanted("provider", "trust", "sts") || (row.permission !== "none" && wanted("permission"));
  const all = sections.map((one) => sectionFacts(one, isLooked, gathering));
  return (await Promise.all(all)).map((facts) => ({
    judge: (link, judged) => judgeSection(link, { row, facts, judged }),
  }));
}
