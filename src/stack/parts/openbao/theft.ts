import type { TheftAnswerAt } from "../closing.ts";
import type { PartContext } from "../part.ts";
import { openbaoMounts } from "./look.ts";

/** How a mount's set became one without the key. */
const forgotBy = {
  config: "its config was written again as it stands",
  login: "it was shown tokens with unknown key IDs, which holds for the node of its cluster that answered",
} as const;

/** The auth methods of a config: each keeps the set that it has fetched until a token has an unknown kid. */
export function openbaoAnswers(context: PartContext): readonly TheftAnswerAt[] {
  return openbaoMounts(context).map((one): TheftAnswerAt => {
    const { address, mount } = one.server;
    const place = `auth/${mount} of OpenBao at ${address}`;
    return {
      place,
      async forget(kid, signal) {
        const fetched = await one.refetch(signal);
        if (fetched.outcome === "fetched")
          return {
            outcome: "done",
            text: `${place} has fetched the keys without ${kid}: ${forgotBy[fetched.by]}`,
          };
        return { outcome: "open", text: fetched.why };
      },
    };
  });
}
