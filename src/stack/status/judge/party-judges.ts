import type { Link } from "../../../core/base/index.ts";
import type { JudgedFacts } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** The judges of one relying party, by link; none at a link that it has no part in. */
export type PartyJudges<Facts> = Readonly<
  Partial<Record<Link, (judged: JudgedFacts, facts: Facts) => readonly Finding[]>>
>;
