import type { IssuerReading } from "../issuer/index.ts";
import type { Jws } from "../rules/oidc/index.ts";

/** What a resolver said of a name in one family: addresses, or the code by which it refused (`ENOTFOUND`). */
export type NameAnswer = { readonly addresses: readonly string[] } | { readonly error: string };

/** The addresses in some answers, in their order. */
export function addressesIn(answers: readonly NameAnswer[]): readonly string[] {
  return answers.flatMap((answer) => ("addresses" in answer ? answer.addresses : []));
}

/** Where the name of a server leads. */
export interface NameFacts {
  readonly host: string;
  /** `--connect-to` takes the name's place: nothing was asked of DNS. */
  readonly instead?: string;
  /** A and AAAA records by the resolver that was asked; empty where nothing was. */
  readonly answers: readonly NameAnswer[];
  /** What this machine's own resolver says, where another one was asked beside it. */
  readonly own?: NameAnswer;
}

/** The issuer as one address of its name serves it. */
export interface AddressFacts {
  readonly address: string;
  readonly reading: IssuerReading;
}

/** A token that was given with the issuer. */
export interface TokenFacts {
  readonly text: string;
  readonly jws: Jws;
  /** Of a bundle, which has no signature: the published keys (`keyMark`) that verified the token when it was written. */
  readonly verifiedBy?: readonly string[];
}

/** All that was seen of an issuer from here: data, from which the judges alone conclude. */
export interface DoctorFacts {
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The first reading, with cold caches. */
  readonly reading: IssuerReading;
  /** Later readings of the same documents. */
  readonly samples: readonly IssuerReading[];
  /** Of the issuer's host first, then of that of the keys where it is another. */
  readonly names: readonly NameFacts[];
  /** Each address by itself; empty where the name has one, or DNS was not asked. */
  readonly addresses: readonly AddressFacts[];
  /** Milliseconds that each document had. */
  readonly timeoutMs: number;
  readonly token?: TokenFacts;
}
