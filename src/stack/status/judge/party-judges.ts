import type { Link } from "../../../core/base/index.ts";
import type { JudgedFacts } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** Who judges what one relying party shows, by link; nobody at a link that it has no part in. */
export type PartyJudges<Facts> = Readonly<
  Partial<Record<Link, (judged: JudgedFacts, facts: Facts) => readonly Finding[]>>
>;
