import type { DocumentReading, IssuerReading } from "../issuer/index.ts";
import type { DocumentName, Jws } from "../rules/oidc/index.ts";

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

/** One record of a CAA set (RFC 8659 §4). */
export interface CaaProperty {
  readonly critical: boolean;
  /** Lower case. */
  readonly tag: string;
  readonly value: string;
}

/** What a CA finds at one name on its way up. */
export interface CaaFacts {
  readonly name: string;
  readonly records: readonly CaaProperty[];
  /** The code by which DNS refused: `ENOTFOUND`, `ESERVFAIL`. */
  readonly error?: string;
}

/** What one name server of the zone says of the host. */
export interface NameServerAnswer {
  readonly server: string;
  readonly answer: NameAnswer;
}

/** Addresses that a resolver remembers of a name, and for how many seconds more at the longest. */
export interface RememberedFacts {
  readonly addresses: readonly string[];
  readonly seconds: number;
}

/** The zone of the host, as its own servers have it. */
export interface ZoneFacts {
  readonly zone: string;
  readonly servers: readonly NameServerAnswer[];
  /** What the resolver says of the host beside them. */
  readonly remembered?: RememberedFacts;
  /** For how many seconds at most a resolver remembers that a name is missing (RFC 2308 §5). */
  readonly missingSeconds?: number;
}

/** What comes of a request for an http-01 challenge. */
export type ChallengeFacts = { readonly url: string } & (
  | { readonly status: number; readonly html: boolean; readonly location?: string }
  | { readonly error: string }
);

/** A place at which a document was found that is missing where it belongs. */
export interface NearFacts {
  readonly document: DocumentName;
  readonly url: string;
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
  /** Milliseconds by which the program that looked was held up itself; absent if it was not measured. */
  readonly lateMs?: number;
  /** From the host up to the first name with records; empty where DNS was not asked. */
  readonly caa: readonly CaaFacts[];
  readonly zone?: ZoneFacts;
  /** By the addresses that this machine's own resolver gives, where another one gave others. */
  readonly inside: readonly AddressFacts[];
  /** By the addresses that the zone's own servers give, where those of the resolver give no discovery document. */
  readonly fromZone: readonly AddressFacts[];
  readonly nearby: readonly NearFacts[];
  /** Past the caches in front of the issuer, where there are any. */
  readonly origin?: IssuerReading;
  /** Looked at where the certificate is none, or near its end. */
  readonly challenge?: ChallengeFacts;
  readonly token?: TokenFacts;
}

/** Whether something keeps a certificate from being renewed: ACME clients renew when a third is left, and half of that is gone. */
export function isOverdue({ exchange }: DocumentReading, now: number): boolean {
  const leaf = exchange.tls?.chain[0];
  return leaf !== undefined && leaf.notAfter - now <= (leaf.notAfter - leaf.notBefore) / 6;
}
