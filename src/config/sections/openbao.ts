import { defined, mapped } from "../../core/base/index.ts";
import { type ConfigSource, absolutePath } from "../paths.ts";
import type { PartySection } from "./party-section.ts";
import type { OpenBaoServer } from "../openbao/config.ts";
import { openBaoRules } from "../openbao/rules.ts";
import type { OpenBaoInput } from "../openbao/schema.ts";

function resolveServer(input: OpenBaoInput, { file, env }: ConfigSource): OpenBaoServer {
  const { mount, caFile, roles = [] } = input;
  const { href } = new URL(input.address);
  const address = href.endsWith("/") ? href.slice(0, -1) : href;
  return {
    address,
    ...defined({ caFile: mapped(caFile, (path) => absolutePath(path, file, env)) }),
    mount,
    audience: input.audience ?? address,
    roles: roles.map(({ name, serviceAccounts, policies }) => ({ name, serviceAccounts, policies })),
  };
}

/** The section `openbao`. */
export const openBaoSection: PartySection = {
  rules: openBaoRules,
  resolve: ({ openbao = [] }, source) => ({ openbao: openbao.map((one) => resolveServer(one, source)) }),
  audiences({ openbao }, { namespace, name }) {
    const wanted = openbao.flatMap(({ address, mount, audience, roles }) =>
      roles
        .filter(({ serviceAccounts }) => serviceAccounts.includes(`${namespace}/${name}`))
        .map((role) => ({ what: `${address}, auth/${mount}, role ${role.name}`, audience })),
    );
    return Promise.resolve(wanted);
  },
};
