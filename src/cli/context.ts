import type { ActionContext as Context } from "../core/command-line/index.ts";
import type { IssuerName, IssuerNaming } from "../config/index.ts";
import type { UnknownName } from "../stack/index.ts";

/** Settles the name of an issuer whose config leaves it open; throws what `settleIssuer` throws. */
export type Naming = (
  context: CommandContext,
  config: Parameters<IssuerNaming>[0],
  unknown: UnknownName,
) => Promise<IssuerName>;

/** What an action of podtrust's commands works with. */
export interface CommandContext extends Context {
  /** Absent in a program whose configs have to name the issuer. */
  readonly naming?: Naming;
}
