import { defined, type Link, type PodtrustError } from "../../../core/base/index.ts";
import type { Reason } from "../../../core/reasons/index.ts";
import type { RefusalWords } from "../../../rules/judge/index.ts";
import type { Jws } from "../../../rules/oidc/index.ts";
import type { JudgedFacts, LookResult, WorkloadFacts } from "../facts.ts";
import { type Finding, finding } from "../finding.ts";
import { valueOf } from "./errors.ts";
import { tokenText } from "./sts.ts";
import { serviceAccountFindings, tokenFindings } from "./workload.ts";

/** A ServiceAccount that a section names, and the answers of cluster and relying party about it. */
export interface PartyWorkload<Identity, Answer> extends Pick<
  WorkloadFacts,
  "serviceAccount" | "object" | "namespace"
> {
  /** What it becomes. */
  readonly identity: Identity;
  readonly audience: string;
  /** Never part of a report. */
  readonly token: LookResult<Jws>;
  readonly exchange: LookResult<Answer>;
}

/** One section of the config, as read. */
export interface SectionFacts<Section, Look, Identity, Answer> {
  readonly section: Section;
  readonly look: LookResult<Look>;
  readonly workloads: readonly PartyWorkload<Identity, Answer>[];
}

/** The section whose look is judged. */
export interface LookedAtSection<Section> {
  readonly section: Section;
  readonly issuer: string;
  readonly from: string;
  /** Makes a finding about what was read now; `next` as of `finding`. */
  readonly say: (reason: Reason, seen: string, next?: string) => Finding;
}

type LookJudge<Section, Look> = (look: Look, at: LookedAtSection<Section>) => readonly Finding[];

/** The relying party's answer to a token, in words. */
export interface AnswerWords {
  readonly isAccepted: boolean;
  readonly seen: string;
  /** `answered now` by default. */
  readonly fresh?: string;
}

/** One relying party beside AWS: what its facts mean. The order and all that is common is `judgeSection`'s. */
export interface PartyJudge<Section, Look, Identity, Answer> {
  /** The beginning of its error codes. */
  readonly codes: string;
  readonly reasons: Readonly<Record<"notAsked" | "accepted" | "refused", Reason>>;
  readonly from: (section: Section) => string;
  /** Where it takes tokens, in words. */
  readonly endpoint: (section: Section) => string;
  readonly provider: LookJudge<Section, Look>;
  readonly trust: LookJudge<Section, Look>;
  /** `none`: permissions are given elsewhere, and are not read. */
  readonly permission: LookJudge<Section, Look> | "none";
  readonly answered: (answer: Answer, workload: PartyWorkload<Identity, Answer>) => AnswerWords;
  /** What the rules say of a refused token; undefined if they accept it, or what they need was not read. */
  readonly refusal: (
    token: string,
    look: Look,
    of: { readonly section: Section; readonly identity: Identity; readonly judged: JudgedFacts },
  ) => RefusalWords | undefined;
}

/** A section with its relying party's row, and what is judged with it. */
interface Judging<Section, Look, Identity, Answer> {
  readonly row: PartyJudge<Section, Look, Identity, Answer>;
  readonly facts: SectionFacts<Section, Look, Identity, Answer>;
  readonly judged: JudgedFacts;
}

type Failed = (error: PodtrustError, from: string) => Finding;

const failedBy =
  ({ codes, reasons }: Pick<PartyJudge<never, never, never, never>, "codes" | "reasons">): Failed =>
  ({ message, next, code }, from) =>
    finding(code.startsWith(codes) ? reasons.notAsked : "LookFailed", { seen: message, from, next, code });

function lookFindings<Section, Look, Identity, Answer>(
  { row, facts: { section, look }, judged }: Judging<Section, Look, Identity, Answer>,
  judge: LookJudge<Section, Look>,
): readonly Finding[] {
  const from = row.from(section);
  const read = valueOf(look, from, failedBy(row));
  if ("finding" in read) return [read.finding];
  const say: LookedAtSection<Section>["say"] = (reason, seen, next) =>
    finding(reason, { seen, from, fresh: "read now", ...defined({ next }) });
  return judge(read.value, { section, issuer: judged.config.issuer, from, say });
}

function exchangeFinding<Section, Look, Identity, Answer>(
  { row, facts: { section, look }, judged }: Judging<Section, Look, Identity, Answer>,
  workload: PartyWorkload<Identity, Answer>,
): Finding {
  const from = `${row.from(section)}, ${row.endpoint(section)}`;
  const read = valueOf(workload.exchange, from, failedBy(row));
  if ("finding" in read) return read.finding;
  const { isAccepted, seen, fresh = "answered now" } = row.answered(read.value, workload);
  if (isAccepted) return finding(row.reasons.accepted, { seen, from, fresh });
  const { token, identity } = workload;
  const refusal =
    token.kind === "seen" && look.kind === "seen"
      ? row.refusal(tokenText(token.value), look.value, { section, identity, judged })
      : undefined;
  const why = refusal === undefined ? "" : ` (${refusal.rule}: ${refusal.why})`;
  return finding(row.reasons.refused, {
    seen: `${seen}${why}`,
    from,
    fresh,
    ...defined({ next: refusal?.next }),
  });
}

/** The findings of a link for one section; none at links that the relying party has no part in. */
export function judgeSection<Section, Look, Identity, Answer>(
  link: Link,
  judging: Judging<Section, Look, Identity, Answer>,
): readonly Finding[] {
  const { row, facts, judged } = judging;
  const { workloads } = facts;
  if (link === "serviceaccount") return workloads.flatMap((one) => serviceAccountFindings(judged, one));
  if (link === "token") return workloads.flatMap((one) => tokenFindings(judged, one));
  if (link === "sts") return workloads.map((one) => exchangeFinding(judging, one));
  if (link !== "provider" && link !== "trust" && link !== "permission") return [];
  const judge = row[link];
  return judge === "none" ? [] : lookFindings(judging, judge);
}
