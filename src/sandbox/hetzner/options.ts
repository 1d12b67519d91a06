import type { Clock, Logger } from "../../core/base/index.ts";
import { type Form, forms, type Forms } from "../errors/index.ts";
import { chanceForm, type MischiefChance, ruleForm } from "../mischief/index.ts";
import { type HetznerMischief, hetznerMischief } from "./mischief.ts";
import type { MachineMaker } from "./machines.ts";
import type { Delays } from "./project.ts";
import type { HetznerVariants } from "./variants.ts";
import type { Zone } from "./types.ts";

export interface StandInHetznerOptions {
  /**
   * 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * By it actions end and its limit of requests is judged.
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
   * How long things take, in milliseconds.
   *
   * @default a second for most
   */
  readonly delays?: Partial<Delays>;
  /**
   * Which of several documented forms its answers have.
   *
   * @default the first of each in `cloudVariants`
   */
  readonly variants?: Partial<HetznerVariants>;
  /**
   * How often a valid request fails; `off` for never.
   *
   * @default every twentieth
   */
  readonly mischief?: MischiefChance<HetznerMischief> | "off";
  /**
   * Milliseconds for which a new resource is missing in lists, and by its id. Hetzner promises no reading of what was just
   * written.
   *
   * @default 0
   */
  readonly lag?: number;
  /**
   * Requests an hour.
   *
   * @default 3600, as the API's
   */
  readonly requestsPerHour?: number;
  /**
   * Makes the machines behind servers: status and actions then follow their real state.
   *
   * @default no machine is made
   */
  readonly machines?: MachineMaker;
  /**
   * DNS zones.
   *
   * @default none
   */
  readonly zones?: readonly (Pick<Zone, "name"> & Partial<Pick<Zone, "mode" | "delegation">>)[];
}

const { clock, flag, listOf, logger, members, milliseconds, oneOf, port, text, whole } = forms;

type ZoneOptions = NonNullable<StandInHetznerOptions["zones"]>[number];

const hetznerForms: Forms<StandInHetznerOptions> = {
  port,
  clock,
  logger,
  delays: members<Delays>({ action: milliseconds, firewall: milliseconds, release: milliseconds }),
  variants: members<HetznerVariants>({
    readOnlyRefusal: oneOf(["forbidden", "token_readonly"]),
    freeAssigneeType: oneOf(["unassigned", "server"]),
    invalidInputDetails: flag,
  }),
  mischief: chanceForm(hetznerMischief),
  lag: milliseconds,
  requestsPerHour: whole(1),
  machines: forms.callback,
  zones: listOf(
    members<ZoneOptions>({ name: text, mode: oneOf(["primary", "secondary"]), delegation: text }, ["name"]),
  ),
};
export const hetznerForm: Form = members(hetznerForms);

const kinds = {
  "bad-gateway": true,
  "lost-answer": true,
  reset: true,
  conflict: true,
  "rate-limit": true,
  timeout: true,
  "late-timeout": true,
  unavailable: true,
  "sold-out": true,
} satisfies Record<HetznerMischief, true>;
export const hetznerRuleForm: Form = ruleForm(kinds);
