import type { ApiServerFlags } from "./api-server-flags.ts";
import type { UnitFlags } from "./unit-flags.ts";

/** What was seen of the API server that runs. */
export type RunningLook =
  /** What its process was started with, as something that no tenant writes says it. */
  | { readonly kind: "seen"; readonly flags: ApiServerFlags }
  /**
   * Nothing that can be believed says it. `why`: a sentence's end. `startsSince`: when something that it is started from was
   * changed last, by its machine's clock, in milliseconds since the epoch: a process that began later was started from it.
   */
  | { readonly kind: "not-looked-at"; readonly why: string; readonly startsSince: number };

/** What a machine alone says of it. */
export interface MachineRuns {
  readonly starts: ApiServerFlags;
  /** Of k3s and RKE2: what of that its unit says beside its files. */
  readonly unit?: UnitFlags;
  readonly runs:
    | RunningLook
    /**
     * Its process is younger than all that it was started from; how it behaves has still to prove it (`provedRuns`). `program`: its own,
     * by which its machine can ask.
     */
    | { readonly kind: "computed"; readonly startsSince: number; readonly program: string };
}

/** How an API server behaves at its own address. */
export interface Behaviour {
  /** Of its discovery document. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** Of its own JWK Set. */
  readonly kids: readonly string[];
  /** Of a token that it made just now. */
  readonly token: { readonly iss: unknown; readonly kid: string | undefined };
}

/**
 * What runs of a server whose process is young enough, by how it behaves: what it will be started with, or what its documents and
 * its token say instead.
 */
export function provedRuns(
  { starts, startsSince }: { readonly starts: ApiServerFlags; readonly startsSince: number },
  { issuer, jwksUri, kids, token }: Behaviour,
): RunningLook {
  const kid = token.kid ?? "no key that it names";
  if (token.iss !== issuer || !kids.includes(kid)) {
    const why = `its token names ${String(token.iss)} and ${kid}, and its documents ${issuer} and ${kids.join(", ")}`;
    return { kind: "not-looked-at", why, startsSince };
  }
  const isIssuer = starts.issuers[0] === issuer;
  const isUri = starts.jwksUri === undefined || starts.jwksUri === jwksUri;
  const issuers = isIssuer ? starts.issuers : [issuer];
  return { kind: "seen", flags: { ...starts, issuers, ...(isUri ? {} : { jwksUri }) } };
}

/** What an API server will be started with, and what runs. */
export interface WhatRuns {
  /** By everything that it reads at its next start. */
  readonly starts: ApiServerFlags;
  /** As in `MachineRuns`. */
  readonly unit?: UnitFlags;
  readonly runs: RunningLook;
}

/** The flags that are compared, by the member that holds them. Source: as `ApiServerFlags`. */
const flagNames: Readonly<Record<keyof ApiServerFlags, string>> = {
  issuers: "service-account-issuer",
  audiences: "api-audiences",
  jwksUri: "service-account-jwks-uri",
  keyFiles: "service-account-key-file",
  signingKeyFile: "service-account-signing-key-file",
  signingEndpoint: "service-account-signing-endpoint",
  authenticationConfig: "authentication-config",
  maxTokenExpiration: "service-account-max-token-expiration",
  extendTokenExpiration: "service-account-extend-token-expiration",
};

type FlagValue = ApiServerFlags[keyof ApiServerFlags];

const said = (value: FlagValue): string => {
  const text = typeof value === "object" ? value.join(", ") : String(value ?? "");
  return text === "" ? "not set" : text;
};

// The start of a process is known to the second.
const startMs = 1000;

/**
 * What a server runs with and will not be started with again, or the other way round: a sentence's end. Undefined where both
 * agree, and where nothing was seen of what runs, unless its process is known to be older than what it will be started from.
 * `startedAt`: when that process began, milliseconds since the epoch, where it is known.
 */
export function disagreement({ starts, runs }: WhatRuns, startedAt?: number): string | undefined {
  if (runs.kind === "not-looked-at") {
    const isOlder = startedAt !== undefined && startedAt + startMs < runs.startsSince;
    return isOlder ? `its process is older than its files, and ${runs.why}` : undefined;
  }
  for (const member of Object.keys(flagNames) as (keyof ApiServerFlags)[]) {
    const [running, starting] = [said(runs.flags[member]), said(starts[member])];
    if (running === starting) continue;
    return `--${flagNames[member]} is ${running} where it runs, and ${starting} where it will be started`;
  }
  return undefined;
}
