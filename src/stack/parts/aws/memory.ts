import { accessOf, checkAccount, openAws, readOidcProviders } from "../../../providers/aws/index.ts";
import { awsTags } from "../../../rules/plan/index.ts";
import type { AwsConfig } from "../../../config/index.ts";
import type { IssuerMemory, UnnamedContext } from "../part.ts";

/** The names below the config's zone whose OIDC providers in an account carry the stack's tags. */
function accountMemory({ config, clock }: UnnamedContext, account: AwsConfig): IssuerMemory {
  return {
    async issuerHosts(signal) {
      const session = openAws(accessOf(account, clock));
      try {
        await checkAccount(session, account.account, signal);
        const providers = await readOidcProviders(session, signal);
        return providers
          .filter(({ tags }) => awsTags.ownerOf(tags, config).kind === "ours")
          .map(({ url }) => url.split("/")[0] ?? "")
          .filter((host) => host.endsWith(`.${config.zone}`));
      } finally {
        session.close();
      }
    },
  };
}

/** The accounts of a config, each of which knows the names of its providers. */
export function awsMemories(context: UnnamedContext): readonly IssuerMemory[] {
  return context.config.aws.map((account) => accountMemory(context, account));
}
