import { judgeBoundaries } from "./chain/boundary.ts";
import { judgeCluster } from "./chain/cluster.ts";
import { judgeEgress } from "./chain/egress.ts";
import { judgePods } from "./chain/pods.ts";
import { judgeCertificate, judgeProviders } from "./chain/provider.ts";
import { type JudgedStack, judgeServed } from "./chain/served.ts";
import { judgeSts } from "./chain/sts.ts";
import { judgeTexts } from "./chain/texts.ts";
import { judgeTrust } from "./chain/trust.ts";
import { judgeWebhooks } from "./chain/webhooks.ts";
import { judgeChallenge, judgeInside, judgeNearby, judgeOrigin } from "./around.ts";
import { judgeCaa } from "./caa.ts";
import { judgeDates } from "./connections.ts";
import { privateKeysHost } from "./discovery.ts";
import type { DoctorFinding } from "./finding.ts";
import type { Judged } from "./judged.ts";
import { judgeKeys } from "./keys.ts";
import { judgeNames } from "./names.ts";
import { refined } from "./refine.ts";
import { judgeAddresses, judgeSamples, judgeTimes } from "./samples.ts";
import { judgeToken } from "./token.ts";
import { judgeZone } from "./zone.ts";

/** Judges of the same facts, in the order in which they are asked. */
type Judges<Facts> = readonly ((facts: Facts) => readonly DoctorFinding[])[];

/**
 * All judges, by whether an issuer's URL is enough for them or a config's stack is needed. Each is pure, and knows nothing of the
 * others; a stack's are asked once its issuer is judged.
 */
export const judges: { readonly issuer: Judges<Judged>; readonly stack: Judges<JudgedStack> } = {
  issuer: [
    refined,
    privateKeysHost,
    judgeKeys,
    judgeNames,
    judgeDates,
    judgeAddresses,
    judgeSamples,
    judgeTimes,
    judgeToken,
    judgeZone,
    judgeCaa,
    judgeNearby,
    judgeOrigin,
    judgeChallenge,
    judgeInside,
  ],
  stack: [
    judgeCluster,
    judgeServed,
    judgeCertificate,
    judgeProviders,
    judgeTrust,
    judgeBoundaries,
    judgePods,
    judgeWebhooks,
    judgeEgress,
    judgeTexts,
    judgeSts,
  ],
};
