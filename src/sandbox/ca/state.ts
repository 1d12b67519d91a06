import { randomBytes } from "node:crypto";
import type { Clock, Logger } from "../../core/base/index.ts";
import { createHierarchy, type Hierarchy } from "./issuance.ts";
import type { CaAccount, Authorization, Challenge, CaCertificate, Order } from "./model.ts";
import { Nonces } from "./nonces.ts";
import type { StandInCaOptions } from "./types.ts";
import type { Reach } from "./validation.ts";

/** Profiles (draft-ietf-acme-profiles) by name, with the life of their certificates in seconds. */
interface Profile {
  readonly description: string;
  readonly seconds: number;
}

/** Everything that a stand-in CA stores, in memory. */
export interface CaState {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nonces: Nonces;
  readonly hierarchy: Hierarchy;
  readonly reach: Reach;
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly externalAccounts: Readonly<Record<string, string>> | undefined;
  readonly issuesLater: boolean;
  readonly accounts: Map<string, CaAccount>;
  readonly orders: Map<string, Order>;
  readonly authorizations: Map<string, Authorization>;
  readonly challenges: Map<string, Challenge>;
  readonly issued: CaCertificate[];
  /** https://127.0.0.1:PORT, known once it listens. */
  base: string;
}

const day = 24 * 3600;

export async function newState(
  options: StandInCaOptions,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<CaState> {
  return {
    clock,
    logger,
    nonces: new Nonces(options.rejectNonceEvery ?? 0),
    hierarchy: await createHierarchy(),
    reach: { connectTo: options.connectTo ?? [], resolveTxt: options.resolveTxt },
    profiles: {
      classic: { description: "for servers", seconds: options.certificateSeconds ?? 90 * day },
      shortlived: { description: "for servers that renew by themselves", seconds: 6 * day },
    },
    externalAccounts: options.externalAccounts,
    issuesLater: options.issuesLater ?? false,
    accounts: new Map(),
    orders: new Map(),
    authorizations: new Map(),
    challenges: new Map(),
    issued: [],
    base: "",
  };
}

export function newId(): string {
  return randomBytes(12).toString("base64url");
}
