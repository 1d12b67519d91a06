import { durationText } from "../../core/base/index.ts";
import { boundsOf, type RelyingPartyName } from "../oidc/index.ts";

/** Who does what ends a stolen key at a relying party. */
interface EndedBy {
  /** `nobody`: it stays open, and `how` says what. */
  readonly by: "podtrust" | "a person" | "nobody";
  /** One or more sentences. */
  readonly how: string;
}

/** How a stolen key ends at a relying party. */
interface PartyRow {
  /** No token gets in any more, whoever signed it. */
  readonly closed: EndedBy;
  /** What was given for a token before ends. */
  readonly sessions: EndedBy;
  /** It verifies no token of the key any more. */
  readonly key: EndedBy;
  readonly proof: EndedBy;
  /**
   * Milliseconds for which what is given for a token lasts at most. Absent where no time has to be counted: it is made to fetch,
   * says whether it did, and what it gave has an end of its own.
   */
  readonly sessionMs?: number;
}

const hour = 3_600_000;
const podtrust = (how: string): EndedBy => ({ by: "podtrust", how });
const person = (how: string): EndedBy => ({ by: "a person", how });
const nobody = (how: string): EndedBy => ({ by: "nobody", how });

/** One row for each relying party. What podtrust does there has one row for each as well (`stack/theft`). */
const partyRows: Readonly<Record<RelyingPartyName, PartyRow>> = {
  aws: {
    closed: podtrust("rotate stolen KID --cut: every role that trusts the issuer denies every token."),
    sessions: podtrust("A policy on each role denies everything to its sessions."),
    key: nobody("AWS fetches again by itself; nobody can ask it to."),
    proof: podtrust("A token of podtrust's own ServiceAccount that STS refuses."),
    // CreateRole, MaxSessionDuration.
    sessionMs: 12 * hour,
  },
  gcp: {
    closed: podtrust(
      "rotate stolen KID --at-once or --cut, by your own rights there. The pool is disabled; of a pool that is another's, the provider, and its principals are taken out.",
    ),
    sessions: podtrust(
      "A disabled pool ends the tokens that it gave. Those of a disabled provider last for their hour, and those of service accounts that were impersonated for an hour or twelve.",
    ),
    key: podtrust(
      "Uploaded keys are written without it. Google fetches by itself where keys are not uploaded.",
    ),
    proof: podtrust("Uploaded keys are read again. A fetched set cannot be asked for."),
    // iam.allowServiceAccountCredentialLifetimeExtension.
    sessionMs: 12 * hour,
  },
  azure: {
    closed: podtrust(
      "rotate stolen KID --at-once or --cut, by your own rights there. Each federated credential of the issuer names one that no token can have, and stays.",
    ),
    sessions: nobody("Entra's access tokens cannot be taken back: an hour, of a managed identity a day."),
    key: nobody("Entra fetches again by itself; nobody can ask it to."),
    proof: nobody("What Entra has fetched cannot be asked for."),
    // Managed identities; of other clients an hour.
    sessionMs: 24 * hour,
  },
  openbao: {
    closed: nobody("Nothing closes it; the key ends there as soon as it is withdrawn."),
    sessions: person("bao lease revoke -prefix auth/MOUNT/login. Batch tokens last to their end."),
    key: podtrust("The auth method is made to fetch the keys again."),
    proof: podtrust("The server verifies tokens with unknown key IDs by what it has fetched then."),
  },
};

/** When the key was withdrawn, as seen from outside, and what caches have of it since then. Milliseconds. */
export interface Withdrawal {
  /** Since the epoch; undefined: it is still to be. */
  readonly at: number | undefined;
  /** max-age of the publisher's Cache-Control. */
  readonly publisherCache: number;
  /** How long relying parties are taken to keep a set beyond that; by default each as it is known. */
  readonly relyingPartyCache?: number;
  /** The relying party is given its keys. */
  readonly isUploaded: boolean;
}

/** Milliseconds from a withdrawal on for which a relying party may still verify by the key, unless it is made to fetch. */
function keptMs(
  name: RelyingPartyName,
  { publisherCache, relyingPartyCache, isUploaded }: Withdrawal,
): number {
  const { fetchedMs, uploadedMs } = boundsOf(name).keys;
  const isGiven = isUploaded && uploadedMs !== undefined;
  return isGiven ? uploadedMs : publisherCache + (relyingPartyCache ?? fetchedMs);
}

/**
 * How long a relying party stays open after a key was withdrawn, in sentences. Moments are counted from the withdrawal itself:
 * before it there is none, and durations are said. `time`: how a moment is written.
 */
export function openTexts(
  name: RelyingPartyName,
  withdrawal: Withdrawal,
  time: (ms: number) => string,
): readonly string[] {
  const { title } = boundsOf(name);
  const { sessionMs } = partyRows[name];
  if (sessionMs === undefined)
    return [`What ${title} gave for a token lasts to the end of its lease, unless that is revoked.`];
  const kept = keptMs(name, withdrawal);
  const until = (ms: number): string =>
    withdrawal.at === undefined
      ? `for ${durationText(ms)} after it is withdrawn`
      : `until ${time(withdrawal.at + ms)}`;
  return [
    `${title} may accept tokens of the key ${until(kept)}, unless it is closed.`,
    `What ${title} gives for such a token may last ${until(kept + sessionMs)}, unless sessions are ended.`,
  ];
}

/** The row of a relying party in sentences: who ends what there, and how; what nobody ends is open. */
export function partyRowText(name: RelyingPartyName): string {
  const { closed, sessions, key, proof } = partyRows[name];
  const parts = [
    ["Closed", closed],
    ["Sessions ended", sessions],
    ["The key gone", key],
    ["Proved", proof],
  ] as const;
  const said = parts.map(
    ([what, { by, how }]) => `${what} by ${by === "nobody" ? "nobody: open" : by}: ${how}`,
  );
  return `${boundsOf(name).title}. ${said.join(" ")}`;
}
