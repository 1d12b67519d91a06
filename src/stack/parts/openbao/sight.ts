import { recordOf, textOf, textsOf } from "../../../core/base/index.ts";
import type { OpenBaoRole } from "../../../config/index.ts";
import type { PartContext } from "../part.ts";
import {
  admittedBy,
  type PartySight,
  type ObservedIdentity,
  type ObservedParty,
  type ObservedProvider,
} from "../sight.ts";
import { type OpenBaoLook, type OpenBaoMount, openbaoMounts } from "./look.ts";

/** The subjects that a role of the method lets in; undefined if it compares none. */
function subjectsOf(state: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const bound = textOf(state["bound_subject"]) ?? "";
  if (bound !== "") return [bound];
  const claimed = recordOf(state["bound_claims"])["sub"];
  if (typeof claimed === "string") return [claimed];
  return claimed === undefined || claimed === null ? undefined : textsOf(claimed);
}

function admitted(state: Readonly<Record<string, unknown>>): Pick<ObservedIdentity, "letsIn" | "others"> {
  const subjects = subjectsOf(state);
  if (subjects === undefined) return { letsIn: [], others: "any token for its audience" };
  return admittedBy(subjects);
}

function identityOf(
  role: OpenBaoRole,
  drift: OpenBaoLook["roles"][number]["drift"] | undefined,
): ObservedIdentity {
  const base = { name: `role ${role.name}`, wanted: role.serviceAccounts };
  if (drift?.observed.exists !== true) return { ...base, exists: false, letsIn: [], policies: [] };
  const { state } = drift.observed;
  return { ...base, exists: true, ...admitted(state), policies: textsOf(state["token_policies"]) };
}

function providerOf({ server }: OpenBaoMount, { mount }: OpenBaoLook): ObservedProvider | undefined {
  const { observed } = mount;
  if (!observed.exists || observed.owner.kind !== "ours") return undefined;
  const config = observed.state.config ?? {};
  return {
    name: `auth/${server.mount}`,
    issuer: textOf(config["bound_issuer"]) ?? "",
    details: [
      ["Server", server.address],
      ["Reads the keys of", textOf(config["oidc_discovery_url"]) ?? ""],
      ["Audience", server.audience],
    ],
  };
}

function sightOf(mount: OpenBaoMount): PartySight {
  const { server } = mount;
  return {
    place: server.address,
    audience: server.audience,
    async look(signal): Promise<ObservedParty> {
      const look = await mount.look(signal);
      const identities = server.roles.map((role) =>
        identityOf(role, look.roles.find((one) => one.role === role)?.drift),
      );
      return { provider: providerOf(mount, look), identities };
    },
    async ask({ name }, jwt, signal) {
      const role = server.roles.find((one) => `role ${one.name}` === name);
      if (role === undefined) throw new TypeError(`${name} is no role of the config`);
      const answer = await mount.login(role, jwt, signal);
      return answer.outcome === "accepted"
        ? { accepted: true, said: "" }
        : { accepted: false, said: `${answer.status}: ${answer.message}` };
    },
  };
}

/** The mounts of a config, for the map. Opens no connection. */
export function openbaoSights(context: PartContext): readonly PartySight[] {
  return openbaoMounts(context).map(sightOf);
}
