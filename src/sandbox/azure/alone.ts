import { type Clock, defined, type Logger } from "../../core/base/index.ts";
import type { ConnectTo } from "../../core/http/index.ts";
import { MovableClock, type SandboxClock } from "../clock/index.ts";
import { atDoor, type Form, forms, type Forms } from "../errors/index.ts";
import { type Front, openFront } from "../front/index.ts";
import { openAzure, type StandInAzure } from "./azure.ts";
import { azureForms, type AzureOptions } from "./options.ts";

export interface StandInAzureOptions extends AzureOptions {
  /**
   * The front's port; 0: any free one.
   *
   * @default 0
   */
  readonly port?: number;
  /**
   * An existing folder for files of the front's CA.
   *
   * @default none
   */
  readonly folder?: string;
  /**
   * In place of public DNS when an issuer is fetched.
   *
   * @default public DNS
   */
  readonly connectTo?: readonly ConnectTo[];
  /**
   * PEM certificates in place of the public roots.
   *
   * @default the public roots
   */
  readonly ca?: string;
  /**
   * The clock under the one that tests move.
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
}

const aloneForms: Forms<StandInAzureOptions> = {
  ...azureForms,
  port: forms.port,
  folder: forms.path,
  connectTo: forms.connectTo,
  ca: forms.certificates,
  clock: forms.clock,
  logger: forms.logger,
};
const aloneForm: Form = forms.members(aloneForms);

/** A stand-in for Azure without AWS beside it. */
export interface StandInAzureAlone extends StandInAzure, AsyncDisposable {
  /** The proxy through which clients reach it. */
  readonly front: Front;
  /** The clock by which tokens expire and writes spread; `advance` moves it. */
  readonly clock: SandboxClock;
  /** Empties the tenant, except for the administrator, and forgets decisions and issuers. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * Starts a stand-in for Azure behind a front of its own: a tenant of Entra, ARM's user-assigned identities, Graph's
 * federated credentials, and Key Vault's secrets. It refuses as Azure does, by the rules of `podtrust explain --for
 * azure`. A sandbox with `azure` starts it beside AWS, with the sandbox's clock and issuers.
 *
 * @example
 * ```ts
 * await using azure = await startStandInAzure({ connectTo, ca, propagationMs: 0 });
 * await azure.seed({ identities: [{ name: "cart", credentials: [{ name: "cart", issuer, subject }] }] });
 * ```
 */
export function startStandInAzure(options: StandInAzureOptions = {}): Promise<StandInAzureAlone> {
  return atDoor(() => open(options));
}

async function open(options: StandInAzureOptions): Promise<StandInAzureAlone> {
  aloneForm(options, "startStandInAzure");
  const { port, folder, connectTo, ca, logger } = options;
  const clock = MovableClock.over(options.clock);
  const route = defined({ connectTo, ca });
  const azure = openAzure(options, { clock, routeTo: () => Promise.resolve(route) });
  const front = await openFront({ sites: [azure.site], ...defined({ port, folder, logger }) });
  const close = async (): Promise<void> => {
    await front.close();
    azure.close();
  };
  return { ...azure.shown, front, clock, reset: () => azure.reset(), close, [Symbol.asyncDispose]: close };
}
