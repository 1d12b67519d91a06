import type { Clock, Logger } from "../../core/base/index.ts";
import { createSecureContext } from "node:tls";
import { type Form, forms, type Forms } from "../errors/index.ts";
import type { ListenerOptions } from "../listener/index.ts";
import { chanceForm, type MischiefChance, ruleForm } from "../mischief/index.ts";
import { type CloudflareMischief, cloudflareMischief } from "./mischief.ts";
import type { CloudflareVariants, CloudflareZone } from "./types.ts";

export interface StandInCloudflareOptions {
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * Serves HTTPS, for clients whose URL is fixed.
   *
   * @default plain HTTP
   */
  readonly tls?: ListenerOptions["tls"];
  /**
   * The zones that the token may change.
   *
   * @default `example.com`, on the Free plan
   */
  readonly zones?: readonly (Partial<Pick<CloudflareZone, "plan" | "status" | "paused" | "type">> & {
    readonly name: string;
  })[];
  /**
   * By it its limit of requests is judged and records are dated.
   *
   * @default the machine's own
   */
  readonly clock?: Clock;
  /**
   * Where it logs.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * Which of several documented forms its answers have.
   *
   * @default the first of each in `cloudVariants`
   */
  readonly variants?: Partial<CloudflareVariants>;
  /**
   * How often a valid request fails; `off` for never.
   *
   * @default every twentieth
   */
  readonly mischief?: MischiefChance<CloudflareMischief> | "off";
  /**
   * Milliseconds for which a new record is missing in lists. Cloudflare promises no reading of what was just written.
   *
   * @default 0
   */
  readonly lag?: number;
  /**
   * Requests in five minutes.
   *
   * @default 1200, as the API's
   */
  readonly requestsPerFiveMinutes?: number;
}

const { clock, flag, form, listOf, logger, members, milliseconds, oneOf, port, text, whole } = forms;

type ZoneOptions = NonNullable<StandInCloudflareOptions["zones"]>[number];

/** Whether Node makes a server's TLS of it. */
function isTls(value: unknown): boolean {
  try {
    return typeof value === "object" && value !== null && createSecureContext(value) !== undefined;
  } catch {
    return false;
  }
}

const cloudflareForms: Forms<StandInCloudflareOptions> = {
  port,
  tls: form("what Node's TLS takes: cert and key as PEM", isTls),
  zones: listOf(
    members<ZoneOptions>(
      {
        name: text,
        plan: oneOf(["free", "pro"]),
        status: oneOf(["active", "pending", "initializing", "moved"]),
        paused: flag,
        type: oneOf(["full", "partial", "secondary"]),
      },
      ["name"],
    ),
  ),
  clock,
  logger,
  variants: members<CloudflareVariants>({
    validationErrors: oneOf(["plain", "chained"]),
    unknownZone: oneOf(["empty", "refusal"]),
    emptyComment: oneOf(["absent", "null"]),
  }),
  mischief: chanceForm(cloudflareMischief),
  lag: milliseconds,
  requestsPerFiveMinutes: whole(1),
};
export const cloudflareForm: Form = members(cloudflareForms);

const kinds = {
  "bad-gateway": true,
  "lost-answer": true,
  reset: true,
  "rate-limit": true,
  "server-error": true,
} satisfies Record<CloudflareMischief, true>;
export const cloudflareRuleForm: Form = ruleForm(kinds);
