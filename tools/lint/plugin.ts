/** The rules of ours for oxlint (.oxlintrc.json). */
import { abortSignalsRule } from "./abort-signals.ts";
import { environmentRule } from "./environment.ts";
import { credentialFileRule } from "./file-reads.ts";
import { fixedWaitRule } from "./fixed-waits.ts";
import { optionalMemberRule } from "./optional-members.ts";
import { isoTextRule } from "./iso-texts.ts";
import { processStreamRule } from "./process-streams.ts";
import { linearRule } from "./regular-expressions.ts";
import { timeBoundRule } from "./time-bounds.ts";
import { timeOfDayRule } from "./time-of-day.ts";

export default {
  meta: { name: "podtrust" },
  rules: {
    "linear-regular-expressions": linearRule,
    "no-abort-signal-any": abortSignalsRule,
    "no-conditional-member": optionalMemberRule,
    "no-environment": environmentRule,
    "no-file-read": credentialFileRule,
    "no-fixed-wait": fixedWaitRule,
    "no-iso-text": isoTextRule,
    "no-process-streams": processStreamRule,
    "no-time-bound": timeBoundRule,
    "no-time-of-day": timeOfDayRule,
  },
};
