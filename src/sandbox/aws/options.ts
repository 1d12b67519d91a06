import type { Logger } from "../../core/base/index.ts";
import type { MessageProfile } from "../../rules/trust/index.ts";
import { type Form, forms, type Forms } from "../errors/index.ts";
import type { RateLimit } from "./access/rate-limit.ts";
import type { PageTable } from "./page/view.ts";
import { type IssuerCache, issuerCaches } from "./sts/issuer-cache.ts";
import type { Decision } from "./wire/service.ts";

export interface AwsOptions {
  /**
   * Where it listens; an address other than loopback admits other machines.
   *
   * @default "127.0.0.1"
   */
  readonly listen?: string;
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * Twelve digits.
   *
   * @default "111122223333", the number of AWS's own examples
   */
  readonly account?: string;
  /**
   * A folder to store the account in.
   *
   * @default in memory
   */
  readonly stateDir?: string;
  /**
   * A file for the administrator's keys, in the format of AWS's shared credentials, mode 0600.
   *
   * @default none
   */
  readonly adminCredentials?: string;
  /**
   * How long it takes STS to see a new role or a changed trust policy, in milliseconds; 0: at once.
   *
   * @default 8000
   */
  readonly propagationMs?: number;
  /**
   * Which generation of AWS's texts is used.
   *
   * @default "2026"
   */
  readonly messageProfile?: MessageProfile;
  /**
   * How STS keeps an issuer's documents. `refetch`: for their Cache-Control lifetime, and an unknown key makes it fetch
   * them at once. `keep`: each for twice its lifetime, without any fetch meanwhile: a key rotated without waiting is
   * refused.
   *
   * @default "refetch"
   */
  readonly issuerCache?: IssuerCache;
  /**
   * How many signed calls IAM accepts before it answers `Throttling`.
   *
   * @default any number
   */
  readonly iamRateLimit?: RateLimit;
  /**
   * Where it logs.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * What else runs beside the sandbox, for its page.
   *
   * @default none
   */
  readonly tables?: () => readonly PageTable[];
  /**
   * Called with every decision, when it is made.
   *
   * @default none
   */
  readonly onDecision?: (decision: Decision) => void;
}

const { callback, logger, members, milliseconds, oneOf, path, port, text, whole } = forms;

const rateLimit: Form = members<RateLimit>({ perSecond: forms.finite, burst: whole(1) }, [
  "perSecond",
  "burst",
]);
const profiles = { "2026": true, legacy: true } satisfies Record<MessageProfile, true>;

/** What each option of AWS has to be. */
export const awsForms: Forms<AwsOptions> = {
  listen: text,
  port,
  account: forms.anyText,
  stateDir: path,
  adminCredentials: path,
  propagationMs: milliseconds,
  messageProfile: oneOf(Object.keys(profiles)),
  issuerCache: oneOf(issuerCaches),
  iamRateLimit: rateLimit,
  logger,
  tables: callback,
  onDecision: callback,
};
