import { defined, mapLimit } from "../../../core/base/index.ts";
import type { OpenBaoRole, OpenBaoServer } from "../../../config/index.ts";
import {
  jwtRoleResource,
  type Login,
  mountResource,
  type MountState,
  observedJwtRole,
  observedMount,
  openbaoCaller,
  readJwtRole,
  readMount,
  type Refetch,
  refetchKeys,
  tryLogin,
} from "../../../providers/openbao/index.ts";
import { type Difference, noInputs, type Observed, type Resource } from "../../../rules/plan/index.ts";
import type { PartContext } from "../part.ts";
import { mountSpecOf, type OpenBaoSection, placeOf, roleSpecsOf } from "./resources.ts";
import { apiWithTokenIfAny, loginApi, serverApi } from "./server.ts";

/** A resource at a server as found, and the names of its fields that differ from the config. */
export interface OpenBaoDrift<State> {
  readonly observed: Observed<State>;
  readonly fields: readonly string[];
}

/** State of one section of the config. */
export interface OpenBaoLook {
  /** The identity that the server sees. */
  readonly caller: string;
  readonly mount: OpenBaoDrift<MountState>;
  /** Roles of the config, in its order; none if the mount does not exist, or is not ours. */
  readonly roles: readonly {
    readonly role: OpenBaoRole;
    readonly drift: OpenBaoDrift<Readonly<Record<string, unknown>>>;
  }[];
}

/** Reads one section of the config. */
export interface OpenBaoMount {
  readonly server: OpenBaoServer;
  /** What exists beside what should. Throws `openbao-*`. */
  look(signal: AbortSignal): Promise<OpenBaoLook>;
  /** Logs in as a workload does, and revokes the token. Throws `openbao-unreachable` and `openbao-unavailable`. */
  login(role: OpenBaoRole, jwt: string, signal: AbortSignal): Promise<Login>;
  /** Makes the mount verify by the keys that the issuer publishes now. Throws `usage` and `openbao-token-refused`. */
  refetch(signal: AbortSignal): Promise<Refetch>;
}

function driftOf<State>(resource: Resource<State>, observed: Observed<State>): OpenBaoDrift<State> {
  const { fields }: Pick<Difference, "fields"> = observed.exists
    ? resource.diff(observed, noInputs)
    : { fields: [] };
  return { observed, fields: fields.map(({ field }) => field) };
}

async function lookAt(
  context: PartContext,
  section: OpenBaoSection,
  signal: AbortSignal,
): Promise<OpenBaoLook> {
  const { server } = section;
  const api = await serverApi(context, server);
  const caller = await openbaoCaller(api, signal);
  const place = placeOf(section);
  const observed = observedMount(await readMount(api, place, signal), place);
  const mount = driftOf(mountResource(api, mountSpecOf(section)), observed);
  if (!observed.exists || observed.owner.kind !== "ours") return { caller, mount, roles: [] };
  const specs = roleSpecsOf(section);
  const roles = await mapLimit(server.roles, async (role, index) => {
    const spec = specs[index];
    if (spec === undefined) throw new TypeError(`role ${role.name} is to be nothing`);
    const found = observedJwtRole(await readJwtRole(api, server.mount, role.name, signal));
    return { role, drift: driftOf(jwtRoleResource(api, spec), found) };
  });
  return { caller, mount, roles };
}

/** Readers of a config's sections. Opens no connection. */
export function openbaoMounts(context: PartContext): readonly OpenBaoMount[] {
  const { config, route } = context;
  return config.openbao.map((server): OpenBaoMount => {
    const section = { config, server, ...defined({ issuerCa: route?.ca }) };
    return {
      server,
      look: (signal) => lookAt(context, section, signal),
      async login(role, jwt, signal) {
        const api = await loginApi(context, server);
        return tryLogin(api, { mount: server.mount, role: role.name, jwt }, signal);
      },
      async refetch(signal) {
        const [role] = server.roles;
        if (role === undefined) return { outcome: "unproved", why: "the config names no role to ask by" };
        const api = await apiWithTokenIfAny(context, server);
        return refetchKeys(api, mountSpecOf(section), role.name, signal);
      },
    };
  });
}
